"""Make the records that the report's tests read: `python tests/report/make_fixtures.py`, some minutes.

Made 2026-11-23 with Pivotal 0.1.0: one drawn trial of TRuE-AD3 and the data of MRC-1948, both with 2,000 replicates a
scenario, seed 1. The numbers serve as something to lay out; no test holds them to be right.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from pivotal import api
from pivotal.cohort import build, calibration_report
from pivotal.plan import recompute
from pivotal.study import load

DATA = Path(__file__).parent / "data"
REPLICATES = 2_000


def make(name: str) -> dict[str, Any]:
    """All that a report of a shipped study is made from, but its study file."""
    study = load(name)
    virtual = study.study.patients == "virtual"
    trial = api.draw(study, seed=1) if virtual else None
    rows = api.analyse(study, trial).records() + recompute(study).records()
    oc = api.simulate(study, replicates=REPLICATES, seed=1)
    calibration = calibration_report(build(study, study.scenarios[0].name)) if virtual else []
    return {"virtual": virtual, "results": [pruned(row) for row in rows], "oc": oc, "calibration": calibration}


def pruned(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its empty keys."""
    return {key: value for key, value in row.items() if value not in (None, {}) or key in {"value", "groups"}}


def main() -> None:
    """Write the fixtures of both shipped studies."""
    DATA.mkdir(exist_ok=True)
    for name in ("true-ad3", "mrc-1948"):
        text = json.dumps(make(name), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        (DATA / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
