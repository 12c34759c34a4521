"""The pilot's study file and data spoilt at random: faults that can be read, and never a traceback."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

import polars as pl
import pytest

import pilot
from pivotal.derive.prepared import derived_from
from pivotal.errors import DataError, StudyError, UsageError
from pivotal.plan.tables import not_made, table_rows
from pivotal.records.adam import from_library
from pivotal.records.checking import check
from pivotal.records.dataset import Dataset
from pivotal.records.formats import read_library
from pivotal.study import read
from pivotal.study.load import library_path
from pivotal.study.model import Study

TEXT = library_path("cdisc-pilot-01").read_text(encoding="utf-8")
WORDS = sorted(set(re.findall(r"[A-Za-z_]\w{2,}", TEXT)))
PATIENTS = 12
VALUES = ['""', "5", "true", "[]", "{}", '"AVAL"', '"USUBJID"', '"A +"', '"NULL"', "-1", "3.5"]
STRANGE = ["2014-13-45", "", "???", "1e400", "-5"]


@pytest.fixture(scope="module")
def data() -> dict[str, Dataset]:
    """A few patients of the pilot's SDTM."""
    found = {**read_library(pilot.sdtm()), **read_library(pilot.folder() / "sdtm_csv")}
    some = found["DM"].frame["USUBJID"].to_list()[:PATIENTS]
    return {
        name: each.with_frame(each.frame.filter(pl.col("USUBJID").is_in(some)))
        if "USUBJID" in each.frame.columns
        else each
        for name, each in found.items()
    }


def analysed(study: Study, data: Mapping[str, Dataset]) -> None:
    """All that reads the data: recipes, checks, patients, tables."""
    derived, skipped, faults = derived_from(study, data)
    every = {**data, **derived}
    list(check(study, every, derived=tuple(derived), skipped=skipped, faults=faults))
    if faults:
        raise DataError(faults)
    not_made(study, every, skipped)
    from_library(study, every, skipped)
    table_rows(study, every)


def spoilt_text(chance: random.Random) -> str:
    """A word for another, a letter lost, a value of another type, a line lost or twice."""
    text = TEXT
    for _ in range(chance.choice([1, 1, 2, 4])):
        lines = text.split("\n")
        place = chance.randrange(len(lines))
        lines[place] = _spoilt_line(chance, lines[place])
        text = "\n".join(lines)
    return text


def _spoilt_line(chance: random.Random, line: str) -> str:
    kind = chance.choice(["word", "letter", "value", "number", "gone", "twice"])
    if kind == "gone":
        return ""
    if kind == "twice":
        return f"{line}\n{line}"
    pattern = {"word": r"[A-Za-z_]\w+", "letter": r"\S", "value": r'"[^"]*"', "number": r"\d+"}[kind]
    parts = list(re.finditer(pattern, line))
    if not parts:
        return line
    part = chance.choice(parts)
    new = {
        "word": chance.choice(WORDS), "letter": "", "value": chance.choice(VALUES),
        "number": str(chance.choice([-1, 0, 3.5, 10**9])),
    }[kind]  # fmt: skip
    return line[: part.start()] + new + line[part.end() :]


def spoilt_data(chance: random.Random, data: Mapping[str, Dataset]) -> dict[str, Dataset]:
    """A column lost, renamed, emptied or of another type; rows twice, or none; strange values; a data set lost."""
    made = dict(data)
    for _ in range(chance.choice([1, 1, 2, 3])):
        name = chance.choice(sorted(made))
        frame = made[name].frame
        column = chance.choice(frame.columns)
        c, strange = pl.col(column), pl.int_range(pl.len()) % 3 == 1
        changed = {
            "gone": lambda f=frame, n=column: f.drop(n),
            "text": lambda f=frame, c=c: f.with_columns(c.cast(pl.String)),
            "number": lambda f=frame, c=c: f.with_columns(c.cast(pl.Float64, strict=False)),
            "empty": lambda f=frame, n=column: f.with_columns(pl.lit(None).cast(f.schema[n]).alias(n)),
            "untyped": lambda f=frame, n=column: f.with_columns(pl.lit(None).alias(n)),
            "twice": lambda f=frame: pl.concat([f, f.head(3)]),
            "none": lambda f=frame: f.head(0),
            "renamed": lambda f=frame, n=column: f.rename({n: f"{n}X"}),
            "strange": lambda f=frame, c=c, s=strange: f.with_columns(
                pl.when(s).then(pl.lit(chance.choice(STRANGE))).otherwise(c.cast(pl.String)).alias(c.meta.output_name())
            ),
        }
        kind = chance.choice([*changed, "lost"])
        if kind == "lost":
            del made[name]
        else:
            made[name] = made[name].with_frame(changed[kind]())
    return made


def _readable(error: StudyError | DataError | UsageError) -> None:
    if isinstance(error, UsageError):
        assert str(error)
        return
    faults = error.faults
    assert faults
    assert all(fault.where and fault.found and fault.mend for fault in faults)


def spoil(data: Mapping[str, Dataset], seed: int) -> None:
    chance = random.Random(seed)
    try:
        if seed % 3:
            analysed(read(spoilt_text(chance), "my.toml"), data)
        else:
            analysed(read(TEXT), spoilt_data(chance, data))
    except (StudyError, DataError, UsageError) as error:
        _readable(error)


@pytest.mark.parametrize("seed", range(12))
def test_spoilings(data, seed):
    spoil(data, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 162))
def test_more_spoilings(data, seed):
    spoil(data, seed)


def test_unspoilt(data):
    """What is spoilt is in order to begin with, so that a fault is the spoiling's."""
    study = read(TEXT)
    derived, skipped, faults = derived_from(study, data)
    assert not faults
    assert not skipped
    from_library(study, {**data, **derived}, skipped)
