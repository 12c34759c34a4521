"""What a run leaves in its folder, and the report that is made from it."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotal.api.common import JSON
from pivotal.errors import UsageError
from pivotal.files import write_json
from pivotal.study import Study, load, source_hash
from pivotal.trials import Results, Trials

if TYPE_CHECKING:
    from pivotal.records.checking import Checked

OC_FILE = "operating-characteristics.json"
STUDY_FILES = ("study.toml", "study.json")
"""A run's study: the text of its file, or of an object its JSON."""


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run made, before it is written.

    Attributes
    ----------
    study
        The study.
    text
        The study file's text as run; of a study that was given as an object, its JSON.
    results
        The trial's results.
    published
        The published counts through the same estimators.
    trials
        The trial's data.
    operating_characteristics
        None where nothing was simulated.
    calibration
        What the scenario asks of the virtual patients, and what they give.
    provenance
        Versions, seed, hashes, time, command.
    label
        What the approval says; None where the study names no product.
    checked
        What checks of the data sets found; None where the data are not data sets as the field stores them.
    not_made
        Tables of the study file that could not be made, each with the reason.
    """

    study: Study
    text: str
    results: Results
    published: Results
    trials: Trials
    operating_characteristics: JSON | None
    calibration: list[JSON]
    provenance: JSON
    label: JSON | None = None
    checked: Checked | None = None
    not_made: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The name of the study file in the run's folder."""
        return STUDY_FILES[self.text.startswith("{")]


def write_run(made: Run, folder: Path) -> None:
    """Write a run's files into a folder: study, operating characteristics, results, provenance, report."""
    import polars as pl

    (folder / made.file).write_text(made.text, encoding="utf-8")
    if made.operating_characteristics is not None:
        write_json(folder / OC_FILE, made.operating_characteristics)
    rows = made.results.records() + made.published.records()
    write_json(folder / "results.json", {"study": made.study.id, "virtual": made.results.virtual, "results": rows})
    flat = [row | {"groups": json.dumps(row["groups"]), "value": _number(row["value"])} for row in rows]
    pl.DataFrame(flat, infer_schema_length=None).write_parquet(folder / "results.parquet")
    write_json(folder / "calibration.json", made.calibration)
    if made.label is not None:
        write_json(folder / "label.json", made.label)
    write_json(folder / "provenance.json", made.provenance)
    report(folder)


def report(folder: Path) -> Path:
    """Write `report.html` from what a run left in a folder.

    Parameters
    ----------
    folder
        A folder with `study.toml` (or `study.json`), `results.json` and `provenance.json`; operating characteristics
        where there are.

    Returns
    -------
    Path
        The report.
    """
    from pivotal.report import Bundle, write

    study = next((folder / name for name in STUDY_FILES if (folder / name).is_file()), folder / STUDY_FILES[0])
    missing = [p.name for p in (study, folder / "results.json", folder / "provenance.json") if not p.is_file()]
    if missing:
        names = ", ".join(missing)
        raise UsageError(f"{folder} has no {names}, so it is not the folder of a run. Use pivotal run --out first.")
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    bundle = Bundle(
        study=load(study) if study.suffix == ".toml" else Study.model_validate_json(study.read_text(encoding="utf-8")),
        results=content["results"],
        oc=_optional(folder / OC_FILE),
        provenance=json.loads((folder / "provenance.json").read_text(encoding="utf-8")),
        calibration=_optional(folder / "calibration.json") or [],
        label=_optional(folder / "label.json"),
        virtual=content["virtual"],
    )
    target = folder / "report.html"
    write(bundle, target)
    return target


def provenance(study: Study, name: str | None, seed: int, data: dict[str, str]) -> JSON:
    """Versions, seed, hashes of the study and of each data file, time and command."""
    packages = ("pivotal", "numpy", "scipy", "polars", "pydantic", "matplotlib")
    return {
        "study": study.id,
        "study_sha256": source_hash(name) if name is not None else None,
        "seed": seed,
        "versions": {"python": platform.python_version()} | {package: version(package) for package in packages},
        "platform": f"{platform.system()} {platform.machine()}",
        "data_sha256": data,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["pivotal", *sys.argv[1:]]) if Path(sys.argv[0]).name.startswith("pivotal") else None,
    }


def _optional(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _number(value: float | bool | None) -> float | None:
    return None if value is None else float(value)
