"""A large trial's laboratory data, derived and tabulated: run by hand, `python benchmarks/laboratory.py [FOLDER]`.

20,000 patients and 10 million rows of SDTM's LB in Parquet files, and their ADSL. ADLBC and ADLBH come from them by the
recipes of the study `cdisc-pilot-01`, and of its tables those of measurements by visit, abnormal values and shifts.
Numbers to reach: 180 s and 4 GB, each part in a process of its own whose peak the system tells. Beside it, where pandas
is installed, what a programmer writes with it for a part: the change from baseline of chemistry, in a twentieth of the
patients.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

PATIENTS = 20_000
VISITS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 201)
ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")
CHEMISTRY = (
    "SODIUM", "K", "CL", "BILI", "ALP", "GGT", "ALT", "AST", "BUN", "CREAT", "URATE", "PHOS", "CA", "GLUC", "PROT",
    "ALB", "CHOL", "CK",
)  # fmt: skip
HEMATOLOGY = ("HGB", "HCT", "MCV", "MCH", "MCHC", "WBC", "LYM", "MONO", "EOS", "BASO", "PLAT", "RBC")
URINE = ("COLOR", "SPGRAV", "PH", "PROTU", "GLUCU", "KETONES", "UROBIL", "NITRITE", "BLOODU")
TESTS = (*CHEMISTRY, *HEMATOLOGY, *URINE)
TABLES = ("14-6.01", "14-6.02", "14-6.05")
GROUP = 500
"""Patients whose rows are made at a time."""


def main() -> None:
    """Make the data, derive, tabulate; tell times and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="where the data are made and left; else they are removed")
    parser.add_argument("--patients", type=int, default=PATIENTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        if not (folder / "lb").exists():
            measured("data made", made, folder, given.patients)
        seconds = measured("derived", derived, folder) + measured("tabulated", tabulated, folder)
        print(f"derived and tabulated: {seconds:.1f} s")
        measured("pandas, change of a part", loop, folder)


def measured(what: str, work: Callable[..., str], *given: object) -> float:
    """Seconds that a function takes in a process of its own; told with its peak of memory."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        begun = time.perf_counter()
        said, peak = pool.apply(_watched, (work, given))
        seconds = time.perf_counter() - begun
    print(f"{what:26} {seconds:7.1f} s, {peak:5.2f} GB at the peak; {said}", flush=True)
    return seconds


def _watched(work: Callable[..., str], given: tuple[object, ...]) -> tuple[str, float]:
    said = work(*given)
    return said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def made(folder: Path, patients: int) -> str:
    """ADSL and LB: 39 tests at 13 visits, some values beyond their ranges, some missing."""
    rng = np.random.Generator(np.random.Philox(1))
    adsl = _adsl(rng, patients)
    adsl.write_parquet(folder / "adsl.parquet")
    names = adsl["USUBJID"]
    (folder / "lb").mkdir()
    for start in range(0, patients, GROUP):
        _lb(rng, names.slice(start, GROUP)).write_parquet(folder / "lb" / f"{start:05d}.parquet", row_group_size=50_000)
    return f"{patients * len(VISITS) * len(TESTS):,} rows of LB"


def _adsl(rng: np.random.Generator, patients: int) -> pl.DataFrame:
    age = rng.integers(50, 90, patients)
    arm = np.arange(patients) % 3
    start = np.datetime64("2013-01-01") + rng.integers(0, 300, patients).astype("timedelta64[D]")
    return pl.DataFrame(
        {
            "STUDYID": "LARGE",
            "USUBJID": [f"01-{n // 40:03d}-{n:05d}" for n in range(patients)],
            "SUBJID": [f"{n:05d}" for n in range(patients)],
            "TRT01P": np.array(ARMS)[arm],
            "TRT01PN": np.array([0.0, 54, 81])[arm],
            "TRTSDT": start,
            "TRTEDT": start + rng.integers(1, 183, patients).astype("timedelta64[D]"),
            "AGE": age.astype(np.float64),
            "AGEGR1": np.array(["<65", "65-80", ">80"])[np.digitize(age, [65, 81])],
            "AGEGR1N": np.digitize(age, [65, 81]) + 1.0,
            "RACE": np.array(["WHITE", "BLACK OR AFRICAN AMERICAN", "ASIAN"])[rng.integers(0, 3, patients)],
            "RACEN": 1.0,
            "SEX": np.array(["F", "M"])[rng.integers(0, 2, patients)],
            "SAFFL": "Y",
            "COMP24FL": np.array(["Y", "N"])[rng.integers(0, 2, patients)],
            "DSRAEFL": pl.Series(["Y", None]).gather(rng.integers(0, 2, patients)),
        }
    ).with_columns(pl.col("TRT01P").alias("TRT01A"), pl.col("TRT01PN").alias("TRT01AN"))


def _lb(rng: np.random.Generator, names: pl.Series) -> pl.DataFrame:
    tests, visits = len(TESTS), len(VISITS)
    size = names.len() * visits * tests
    test = np.tile(np.arange(tests), names.len() * visits)
    visit = np.tile(np.repeat(np.array(VISITS), tests), names.len())
    low = 10.0 * (test + 1)
    value = np.round(low * (1.5 + 0.45 * rng.standard_normal(size)), 1)
    missing = rng.random(size) < 0.02
    category = np.array(["CHEMISTRY"] * len(CHEMISTRY) + ["HEMATOLOGY"] * len(HEMATOLOGY) + ["URINALYSIS"] * len(URINE))
    text = pl.Series(value).cast(pl.String).set(pl.Series(missing), None)
    day = np.minimum(visit, 14) * 14 - 13
    return pl.DataFrame(
        {
            "STUDYID": "LARGE",
            "DOMAIN": "LB",
            "USUBJID": names.gather(np.repeat(np.arange(names.len()), visits * tests)),
            "LBSEQ": np.tile(np.arange(1.0, visits * tests + 1), names.len()),
            "LBTESTCD": np.array(TESTS)[test],
            "LBTEST": np.array([f"Test {name}" for name in TESTS])[test],
            "LBCAT": category[test],
            "LBORRES": text,
            "LBORRESU": "U/L",
            "LBORNRLO": pl.Series(low).cast(pl.String),
            "LBORNRHI": pl.Series(2 * low).cast(pl.String),
            "LBSTRESC": text,
            "LBSTRESN": pl.Series(np.where(missing, np.nan, value)).fill_nan(None),
            "LBSTRESU": "U/L",
            "LBSTNRLO": low,
            "LBSTNRHI": 2 * low,
            "LBNRIND": np.array(["LOW", "NORMAL", "HIGH"])[1 + (value > 2 * low) - (value < low)],
            "LBBLFL": pl.Series(np.where(visit == 1, "Y", "")).replace("", None),
            "VISITNUM": visit.astype(np.float64),
            "VISIT": pl.Series(visit).cast(pl.String),
            "VISITDY": day.astype(np.float64),
            "LBDTC": pl.Series(np.datetime64("2013-06-01") + day.astype("timedelta64[D]")).cast(pl.String) + "T10:15",
            "LBDY": day.astype(np.float64),
        }
    )


def derived(folder: Path) -> str:
    """ADLBC and ADLBH by the pilot's recipes."""
    from pivotal.derive.blocks import derive_in_blocks
    from pivotal.records.stored import Stored
    from pivotal.study import load

    recipes = [recipe for recipe in load("cdisc-pilot-01").datasets if recipe.name in ("ADLBC", "ADLBH")]
    collected = {
        "LB": Stored("LB", sorted((folder / "lb").iterdir())),
        "ADSL": Stored("ADSL", [folder / "adsl.parquet"]),
    }
    found = derive_in_blocks(recipes, collected, folder / "derived")
    rows = {name: data.scan().select(pl.len()).collect().item() for name, data in found.items()}
    return ", ".join(f"{count:,} rows of {name}" for name, count in rows.items())


def tabulated(folder: Path) -> str:
    """The pilot's tables of measurements by visit, abnormal values and shifts."""
    from pivotal.plan.tables import rows_of
    from pivotal.records.stored import Stored
    from pivotal.study import load

    study = load("cdisc-pilot-01")
    data = {"ADSL": Stored("ADSL", [folder / "adsl.parquet"])}
    for name in ("ADLBC", "ADLBH"):
        data[name] = Stored(name, sorted((folder / "derived" / name.lower()).iterdir()))
    said = []
    for table in study.tables:
        if table.id in TABLES:
            begun = time.perf_counter()
            count = sum(1 for _ in rows_of(table, study, data))
            said.append(f"{table.id} {count:,} rows {time.perf_counter() - begun:.1f} s")
    return ", ".join(said)


def loop(folder: Path) -> str:
    """Change and its summary by visit and arm in a twentieth of the patients, as a loop over pandas groups."""
    try:
        import pandas as pd
    except ImportError:
        return "pandas is not installed: nothing to compare with"
    adsl = pl.read_parquet(folder / "adsl.parquet")
    some = adsl.head(adsl.height // 20)
    rows = pl.scan_parquet(folder / "lb").filter(
        pl.col("USUBJID") <= some["USUBJID"].max(), pl.col("LBCAT") == "CHEMISTRY"
    )
    lb = pd.DataFrame(rows.select("USUBJID", "LBTESTCD", "VISITNUM", "LBSTRESN").collect().to_dict(as_series=False))
    arms = pd.DataFrame(some.select("USUBJID", "TRT01P").to_dict(as_series=False))
    begun = time.perf_counter()
    parts = []
    for _, group in lb.groupby(["USUBJID", "LBTESTCD"]):
        base = group.loc[group["VISITNUM"] == 1, "LBSTRESN"]
        parts.append(group.assign(CHG=group["LBSTRESN"] - (base.iloc[0] if len(base) else float("nan"))))
    joined = pd.concat(parts).merge(arms, on="USUBJID")
    joined.groupby(["LBTESTCD", "VISITNUM", "TRT01P"])["CHG"].agg(["count", "mean", "std"])
    return f"{len(joined):,} rows, {time.perf_counter() - begun:.1f} s without reading"


if __name__ == "__main__":
    main()
