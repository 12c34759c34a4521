"""How fast tables of adverse events are made: run by hand, `python benchmarks/adverse_events.py`.

20,000 patients, a million events of 1,500 terms in 27 classes, three arms. Number to reach: the tables below 20 s, in
3 GB of memory at the peak. Beside them the loop that a programmer writes with pandas, where pandas is installed:
patients and events of every class and term, and nothing else.
"""

from __future__ import annotations

import resource
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from pivotal.plan.tables import rows_of
from pivotal.records.dataset import dataset
from pivotal.study.tables import Table
from pivotal.study.topics import Topic

PATIENTS, EVENTS, TERMS, CLASSES = 20_000, 1_000_000, 1_500, 27
ARMS = ("Placebo", "Low", "High")
TABLES: tuple[dict[str, Any], ...] = (
    {"kind": "adverse events", "order": ["alphabetical", "frequency"], "p_values": {}},
    {"kind": "adverse events", "where": "AESER = 'Y'", "p_values": {}},
    {
        "kind": "adverse events",
        "split": {"column": "AESEV", "categories": {"MILD": "Mild", "MODERATE": "Moderate", "SEVERE": "Severe"}},
    },
    {"kind": "incidence", "levels": ["AEBODSYS"], "time_to_first": True},
    {"kind": "safety topics"},
)


def main() -> None:
    """Make the data, make the tables, tell times and memory."""
    rng = np.random.Generator(np.random.Philox(1))
    adsl, adae = made(rng)
    data = {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", adae)}
    topics = (Topic(name="t", label="A topic", lists=({"terms": [f"TERM {n}" for n in range(0, 300, 3)]},)),)  # type: ignore[arg-type]
    arms = tuple(SimpleNamespace(name=name) for name in ARMS)
    study: Any = SimpleNamespace(arms=arms, control=0, topics=topics)
    print(f"data made; memory {memory():.2f} GB")
    begun = time.perf_counter()
    for given in TABLES:
        start = time.perf_counter()
        table = TypeAdapter(Table).validate_python({"id": "T", "title": "T", **given})
        count = sum(1 for _ in rows_of(table, study, data))
        label = " ".join([given["kind"], *(k for k in ("where", "split", "p_values") if k in given)])
        print(f"{label:40} {count:8,} rows {time.perf_counter() - start:8.2f} s")
    print(f"all tables {time.perf_counter() - begun:.2f} s; memory at the peak {memory():.2f} GB")
    loop(adsl, adae)


def made(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Patients and their events."""
    names = np.array([f"P-{n:05d}" for n in range(PATIENTS)])
    day = np.datetime64("2020-01-01")
    adsl = pl.DataFrame(
        {
            "USUBJID": names,
            "TRT01A": np.array(ARMS)[np.arange(PATIENTS) % 3],
            "TRTSDT": np.full(PATIENTS, day),
            "TRTEDT": day + rng.integers(1, 364, PATIENTS).astype("timedelta64[D]"),
        }
    )
    term = (rng.random(EVENTS) ** 2 * TERMS).astype(np.int64)
    adae = pl.DataFrame(
        {
            "USUBJID": names[rng.integers(0, PATIENTS, EVENTS)],
            "AEBODSYS": np.array([f"CLASS {n:02d}" for n in range(CLASSES)])[term % CLASSES],
            "AEDECOD": np.array([f"TERM {n}" for n in range(TERMS)])[term],
            "AESEV": np.array(["MILD", "MODERATE", "SEVERE"])[rng.choice(3, EVENTS, p=[0.6, 0.3, 0.1])],
            "AESER": np.where(rng.random(EVENTS) < 0.05, "Y", "N"),
            "ASTDT": day + rng.integers(0, 364, EVENTS).astype("timedelta64[D]"),
        }
    )
    return adsl, adae


def loop(adsl: pl.DataFrame, adae: pl.DataFrame) -> None:
    """Patients and events by class and term as a loop over pandas frames."""
    try:
        import pandas as pd
    except ImportError:
        print("pandas is not installed: no loop to compare with")
        return
    patients, events = (pd.DataFrame(frame.to_dict(as_series=False)) for frame in (adsl, adae))
    start = time.perf_counter()
    joined = events.merge(patients[["USUBJID", "TRT01A"]], on="USUBJID")
    lines = 0
    for soc in sorted(joined["AEBODSYS"].unique()):
        mine = joined[joined["AEBODSYS"] == soc]
        for term in [None, *sorted(mine["AEDECOD"].unique())]:
            rows = mine if term is None else mine[mine["AEDECOD"] == term]
            for arm in ARMS:
                there = rows[rows["TRT01A"] == arm]
                lines += bool(there["USUBJID"].nunique() + len(there))
    print(f"pandas loop, counts of class and term only {time.perf_counter() - start:.2f} s ({lines:,} cells)")


def memory() -> float:
    """The process's peak so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
