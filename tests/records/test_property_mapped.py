"""Data files of any shape and format through a study: the same patients, every fault at once, nothing lost silently."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pivotal.errors import DataError, StudyError
from pivotal.plan import Plan
from pivotal.records import read_mapped
from pivotal.records.dataset import dataset
from pivotal.records.formats import write_dataset
from pivotal.study import Study, read
from pivotal.trials import Trials

from .test_property_round_trip import same

HEAD = """
[study]
id = "MINE"
patients = "real"
[variables]
SEX = { label = "Sex", type = "category", categories = ["F", "M"] }
WEIGHT = { label = "Weight", type = "number", unit = "kg" }
SMOKER = { label = "Smoker", type = "boolean" }
[[arms]]
name = "Placebo"
control = true
[[arms]]
name = "Active"
[[parameters]]
name = "PAIN"
label = "Pain"
range = [0, 10]
[[parameters]]
name = "SCORE"
label = "Score"
[[visits]]
name = "Baseline"
week = 0
baseline = true
[[visits]]
name = "Week 2"
week = 2
[[visits]]
name = "Week 4"
week = 4
[[endpoints]]
name = "Pain"
derive = { parameter = "PAIN", quantity = "change" }
analysis = { method = "ancova", covariates = ["PAIN"] }
[data]
arm = { column = "arm", values = { 0 = "Placebo", 1 = "Active" } }
variables.SEX = { column = "sex", values = { 1 = "F", 2 = "M" } }
variables.WEIGHT = { column = "lb", times = 0.5, plus = 1, missing = ["999"] }
variables.SMOKER = { column = "smoker", values = { never = false, now = true } }
"""
WIDE = """
subject = "id"
parameters = [
  { parameter = "PAIN", visit = "Baseline", column = "p0" },
  { parameter = "PAIN", visit = "Week 2", column = "p2" },
  { parameter = "PAIN", visit = "Week 4", column = "p4" },
  { parameter = "SCORE", visit = "Week 4", column = "s4" },
]
"""
LONG = """
subject = ["site", "no"]
visit = { column = "week", values = { 2 = "Week 2", 4 = "Week 4" }, skip = ["99"] }
parameters = [
  { parameter = "PAIN", visit = "Baseline", column = "p0" },
  { parameter = "PAIN", column = "pain" },
  { parameter = "SCORE", column = "score" },
]
"""
TALL = """
subject = "id"
visit = { column = "week", values = { 0 = "Baseline", 2 = "Week 2", 4 = "Week 4" } }
parameters = [
  { parameter = "PAIN", column = "aval", where = { paramcd = "P" } },
  { parameter = "SCORE", column = "aval", where = { paramcd = ["S", "SS"] } },
]
"""


def patients(count=12, seed=3):
    """The patients as rows of a wide file: patient 2 has no week 2, patient 3 left after it."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(count):
        row = {"id": f"{1 + n % 2}-{n}", "site": 1 + n % 2, "no": n, "arm": n % 2, "sex": 1 + n % 2, "lb": 100 + n,
               "smoker": ["never", "now"][n % 2]}  # fmt: skip
        row |= {"p0": float(rng.integers(4, 9)), "p2": float(rng.integers(0, 9)), "p4": float(rng.integers(0, 9))}
        row |= {"s4": round(float(rng.normal()), 3)}
        rows.append(row)
    rows[2]["p2"] = None
    rows[3]["p4"] = rows[3]["s4"] = None
    rows[4]["lb"] = 999
    return rows


def long_rows(rows):
    common = ("site", "no", "arm", "sex", "lb", "smoker", "p0")
    found = []
    for row in rows:
        for week in (2, 4):
            pain, score = row[f"p{week}"], row["s4"] if week == 4 else None
            if pain is not None or score is not None:  # a missing visit has no row
                found.append({name: row[name] for name in common} | {"week": week, "pain": pain, "score": score})
    return found


def tall_rows(rows):
    common = ("id", "arm", "sex", "lb", "smoker")
    found = []
    for row in rows:
        for code, week, value in (("P", 0, row["p0"]), ("P", 2, row["p2"]), ("P", 4, row["p4"]), ("SS", 4, row["s4"])):
            if value is not None:
                found.append({name: row[name] for name in common} | {"week": week, "paramcd": code, "aval": value})
    return found


SHAPES = {"wide": (WIDE, lambda rows: rows), "long": (LONG, long_rows), "tall": (TALL, tall_rows)}


def study(shape) -> Study:
    return read(HEAD + SHAPES[shape][0])


def frame(shape, rows=None) -> pl.DataFrame:
    return pl.DataFrame(SHAPES[shape][1](rows or patients()), infer_schema_length=None)


def written(path: Path, data: pl.DataFrame) -> Path:
    """The file, in the format of its name."""
    name = path.name
    if name.endswith(".parquet"):
        data.write_parquet(path)
    elif name.endswith(".csv.gz"):
        import gzip

        path.write_bytes(gzip.compress(data.write_csv().encode()))
    elif name.endswith(".csv"):
        data.write_csv(path, null_value=".")
    elif name.endswith(".xpt"):
        import pyreadstat

        pyreadstat.write_xport(data, str(path), table_name="DATA")
    else:
        write_dataset(dataset("DATA", data), path)
    return path


def expected() -> Trials:
    rows = patients()
    found = study("wide")
    value = {(p, v): np.array([[np.nan if r[c] is None else r[c] for r in rows]]) for (p, v), c in {
        ("PAIN", "Baseline"): "p0", ("PAIN", "Week 2"): "p2", ("PAIN", "Week 4"): "p4", ("SCORE", "Week 4"): "s4",
    }.items()}  # fmt: skip
    last = np.full((1, len(rows)), 2, dtype=np.int8)
    last[0, 3] = 1
    return Trials(
        arms=("Placebo", "Active"),
        visits=tuple(v.name for v in found.visits),
        arm=np.array([[r["arm"] for r in rows]], dtype=np.int8),
        subject={},
        values=value,
        last_visit=last,
        reason=(last < 2).astype(np.int8),
        virtual=False,
    )


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz", "d.parquet", "d.json", "d.xpt"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_and_format_gives_the_same_patients(shape, name, tmp_path):
    found = read_mapped(study(shape), written(tmp_path / name, frame(shape)))
    right = expected()
    np.testing.assert_array_equal(found.arm, right.arm)
    np.testing.assert_array_equal(found.last_visit, right.last_visit)
    np.testing.assert_array_equal(found.reason > 0, right.reason > 0)
    for (parameter, visit), values in right.values.items():
        np.testing.assert_allclose(found.value(parameter, visit), values, rtol=1e-12)
    assert found.ids == tuple(r["id"] for r in patients())
    np.testing.assert_allclose(found.subject["WEIGHT"][0, :6], [51, 51.5, 52, 52.5, np.nan, 53.5])
    assert found.subject["SEX"][0, :4].tolist() == [0, 1, 0, 1]
    assert found.subject["SMOKER"][0, :4].tolist() == [False, True, False, True]
    assert not found.virtual


def test_shapes_are_analysed_alike(tmp_path):
    rows = [
        [(r.key.id, float(r.value[0])) for r in Plan(study(shape)).analyse(
            read_mapped(study(shape), written(tmp_path / f"{shape}.csv", frame(shape))))]
        for shape in SHAPES
    ]  # fmt: skip
    for other in rows[1:]:
        assert [key for key, _ in rows[0]] == [key for key, _ in other]
        np.testing.assert_allclose([v for _, v in rows[0]], [v for _, v in other], rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_order_of_rows_is_that_of_the_patients_only(shape, tmp_path):
    data = frame(shape)
    one = read_mapped(study(shape), written(tmp_path / "a.csv", data))
    other = read_mapped(study(shape), written(tmp_path / "b.csv", data.sample(fraction=1, shuffle=True, seed=1)))
    place = [other.ids.index(name) for name in one.ids]
    for key, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[key][:, place])
    np.testing.assert_array_equal(one.last_visit, other.last_visit[:, place])


# ---------------------------------------------------------------- nothing is lost silently


def notes(shape, tmp_path, change=lambda data: data) -> str:
    return " ".join(read_mapped(study(shape), written(tmp_path / "d.csv", change(frame(shape)))).notes)


def test_columns_that_nothing_reads_are_listed(tmp_path):
    assert "Columns that nothing reads: site, no." in notes("wide", tmp_path)


def test_columns_that_the_file_ignores_are_not_listed(tmp_path):
    text = (HEAD + WIDE).replace("[data]", '[data]\nignore = ["site", "no"]')
    found = read_mapped(read(text), written(tmp_path / "d.csv", frame("wide")))
    assert "nothing reads" not in " ".join(found.notes)


def test_rows_of_skipped_visits_are_counted(tmp_path):
    more = frame("long").filter(pl.col("week") == 2).with_columns(pl.lit(99, dtype=pl.Int64).alias("week"))
    found = notes("long", tmp_path, lambda data: pl.concat([data, more]))
    assert f"Rows left out, by visit as the study file says: '99' {len(more)}." in found


def test_rows_that_no_parameter_takes_are_counted(tmp_path):
    more = frame("tall").head(3).with_columns(pl.lit("OTHER").alias("paramcd"))
    assert "by paramcd: 'OTHER' 3." in notes("tall", tmp_path, lambda data: pl.concat([data, more]))


def test_entries_taken_as_missing_are_counted(tmp_path):
    assert "lb '999' 1" in notes("wide", tmp_path)


def test_who_left_is_said(tmp_path):
    assert "1 of 12 patients have no value at the last visit" in notes("wide", tmp_path)


def test_columns_say_who_left(tmp_path):
    status = 'status = { column = "status", values = { 1 = "COMPLETED", 0 = "DISCONTINUED" } }'
    more = f'last_visit = {{ column = "last" }}\n{status}\n'
    text = (HEAD + WIDE).replace("subject =", more + 'reason = { column = "why" }\nsubject =')
    data = frame("wide").with_columns(
        pl.Series("last", ["Week 4"] * 3 + ["Week 2"] + ["Week 4"] * 8),
        pl.Series("status", [1] * 3 + [0] + [1] * 8),
        pl.Series("why", [None] * 3 + ["adverse event"] + [None] * 8),
    )
    found = read_mapped(read(text), written(tmp_path / "d.csv", data))
    assert found.reasons[found.reason[0, 3]] == "adverse event"
    assert found.last_visit[0, 3] == 1
    assert "No column says" not in " ".join(found.notes)


def test_whole_numbers_written_with_a_point(tmp_path):
    """As pandas writes whole numbers of a column with gaps."""
    data = frame("long").with_columns(pl.col("arm", "sex", "week", "lb").cast(pl.Float64))
    same(read_mapped(study("long"), written(tmp_path / "a.csv", data)),
         read_mapped(study("long"), written(tmp_path / "b.csv", frame("long"))))  # fmt: skip


# ---------------------------------------------------------------- faults: all at once, by file, row and patient


def faults(shape, data, tmp_path) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_mapped(study(shape), written(tmp_path / "d.csv", data))
    return [str(fault) for fault in caught.value.faults]


def put(data, row, column, entry):
    text = data.cast(pl.String)
    return text.with_columns(pl.when(pl.int_range(pl.len()) == row).then(pl.lit(entry)).otherwise(column).alias(column))


def test_all_faults_of_a_long_file(tmp_path):
    data = frame("long").cast(pl.String)
    for row, column, entry in (
        (0, "pain", "eleven"), (1, "pain", "11"), (3, "arm", "0"), (4, "week", "3"), (6, "sex", "9"), (7, "p0", "5.5"),
        (9, "week", None),
    ):  # fmt: skip
        data = put(data, row, column, entry)
    data = pl.concat([data, data.tail(1)])
    found = faults("long", data, tmp_path)
    said = "\n".join(found)
    for part in (
        r"d.csv row 2, patient 1-0: pain \(PAIN, Week 2\) is 'eleven'; PAIN is a number from 0 to 10",
        r"d.csv row 3, patient 1-0: pain \(PAIN, Week 4\) is 11; ",
        r"d.csv row 5, patient 2-1: arm is 0; it is the same in all rows of a patient, and row 4 says 'Active'",
        r"d.csv row 6, patient 1-2: week is 3; the study's visits are: '2', '4'",
        r"row 8, .*: sex is ",
        r"row 9, .*: p0 is 5.5; it is the same in all rows",
        r"row 11, .*: week is empty; each row says which visit it is of",
        r"week is 'Week 4', which row \d+ of the patient is already; a patient has one row a visit",
    ):  # fmt: skip
        assert re.search(part, said), (part, said)


def test_unknown_codes_are_faults(tmp_path):
    data = put(put(put(frame("wide"), 1, "arm", "7"), 2, "smoker", "maybe"), 3, "p0", "x")
    found = faults("wide", data, tmp_path)
    assert any("row 3, patient 2-1: arm is 7; the study's arms are: '0', '1'" in fault for fault in found)
    assert any("row 4, patient 1-2: smoker is 'maybe'" in fault for fault in found)
    assert any("row 5, patient 2-3: p0 (PAIN, Baseline) is 'x'" in fault for fault in found)


def test_columns_that_are_not_there(tmp_path):
    found = faults("long", frame("long").drop("no", "week"), tmp_path)
    assert any("column no is missing" in fault for fault in found)
    assert any("column week is missing" in fault for fault in found)


def test_patients_without_identifier(tmp_path):
    found = faults("long", put(frame("long"), 0, "no", None), tmp_path)
    assert any("row 2" in fault and "each row names its patient" in fault for fault in found)


@pytest.mark.parametrize("name", ["d.xpt", "d.json", "d.parquet", "d.csv"])
def test_a_broken_file_is_one_fault(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x00\x01 not a data file \xff" if name != "d.csv" else b"")
    with pytest.raises(DataError) as caught:
        read_mapped(study("wide"), tmp_path / name)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("name", ["d.xpt", "d.json", "d.parquet", "d.csv", "d.csv.gz", "d.ndjson"])
def test_a_file_that_is_not_there(name, tmp_path):
    with pytest.raises(DataError, match="missing"):
        read_mapped(study("wide"), tmp_path / name)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_another_separator_is_one_fault(mark, tmp_path):
    frame("wide").write_csv(tmp_path / "d.csv", separator=mark)
    with pytest.raises(DataError, match="separated by") as caught:
        read_mapped(study("wide"), tmp_path / "d.csv")
    assert len(caught.value.faults) == 1


JUNK = (None, "", "x", "-1", "1e400", "nan", "99", "4.0", " 2 ", "Ä", '"', "1,5", "0x1", "2024-01-01")


@pytest.mark.parametrize("shape", SHAPES)
def test_spoilt_entries_are_faults_or_read_and_nothing_else(shape, tmp_path):
    rng = np.random.default_rng(5)
    for n in range(40):
        data = frame(shape).cast(pl.String)
        for _ in range(3):
            row, column = int(rng.integers(len(data))), str(rng.choice(data.columns))
            data = put(data, row, column, JUNK[rng.integers(len(JUNK))])
        assert outcome(shape, written(tmp_path / f"{n}.csv", data)) <= {f"{n}.csv"}


def outcome(shape, file) -> set[str]:
    """The files that faults name, none where there is no fault."""
    try:
        read_mapped(study(shape), file)
    except DataError as error:
        return {re.split(r"[ :]", fault.where)[0] for fault in error.faults}
    return set()


# ---------------------------------------------------------------- the study file


def test_a_short_file_is_completed():
    found = study("long")
    assert found.population.size is None
    assert found.randomisation.method == "as recorded"
    assert [s.name for s in found.analysis_sets] == ["ITT"]
    assert [v.measures for v in found.visits] == [("PAIN",), ("PAIN", "SCORE"), ("PAIN", "SCORE")]
    assert found.endpoints[0].visit == "Week 4"
    assert found.endpoints[0].intercurrent.missing == "observed cases"
    assert [(h.endpoint, h.arm, h.weight) for h in found.testing.hypotheses] == [("Pain", "Active", 1.0)]
    assert found.testing.basis == "assumed"


def test_a_virtual_trial_says_everything():
    with pytest.raises(StudyError) as caught:
        read((HEAD + WIDE).replace('patients = "real"', 'patients = "virtual"'))
    said = str(caught.value)
    for part in ("population", "randomisation", "analysis_sets", "testing", "a ratio"):
        assert part in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('visit = "Week 2", column = "p2"', 'column = "p2"', "a parameter's values are of a visit"),
        ('parameter = "SCORE", visit', 'parameter = "SCOER", visit', "Did you mean 'SCORE'?"),
        ('0 = "Placebo"', '0 = "Plcebo"', "Did you mean 'Placebo'?"),
        ('subject = "id"', 'subjct = "id"', "not a known key"),
    ],
)
def test_faults_of_the_map(old, new, words):
    with pytest.raises(StudyError, match=re.escape(words)):
        read((HEAD + WIDE).replace(old, new))


def test_rows_without_identifier_are_patients(tmp_path):
    text = (HEAD + WIDE).replace('subject = "id"\n', "")
    found = read_mapped(read(text), written(tmp_path / "d.csv", frame("wide")))
    assert found.ids == tuple(str(n) for n in range(2, 14))


def test_the_numbers_are_those_of_the_estimator(tmp_path):
    trials = read_mapped(study("long"), written(tmp_path / "d.csv", frame("long")))
    found = Plan(study("long")).analyse(trials).one(analysis="Pain ancova", statistic="estimate")
    base, last = trials.value("PAIN", "Baseline")[0], trials.value("PAIN", "Week 4")[0]
    seen = ~np.isnan(last)
    x = np.stack([np.ones(12), trials.arm[0], base], axis=1)
    slope = np.linalg.lstsq(x[seen], (last - base)[seen], rcond=None)[0][1]
    assert float(found.value[0]) == pytest.approx(slope, abs=1e-9)
