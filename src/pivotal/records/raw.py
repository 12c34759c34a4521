"""A data file with its patients and visits told: which row is whose, and of which visit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from pivotal.records.cells import codes
from pivotal.records.entries import bare, entries, missing, spelt
from pivotal.records.faults import Findings
from pivotal.records.layout import NO, PATIENT, VISIT, YES, visit_names
from pivotal.records.table import ROW, Table, show
from pivotal.study.model import ColumnMap, DataMap, ParameterMap, Study

BETWEEN = "-"
"""What joins the columns that identify a patient together: centre 1, patient 12 is 1-12."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A data file whose rows are told apart.

    Attributes
    ----------
    table
        The file; its frame has the columns PATIENT and, where a row is a patient's visit, VISIT too.
    long
        Whether a row is a patient's visit.
    subject_name
        What the patient's column is called in the file.
    nameless
        PATIENT where the file lacks the column that names it, else empty.
    used
        Columns of the file, in capitals, that the map reads.
    original
        Columns of the file, in capitals, in its order.
    skipped
        Rows left out as being of a visit that the map skips, by the entry.
    """

    table: Table
    long: bool
    subject_name: dict[str, str]
    nameless: frozenset[str]
    used: frozenset[str]
    original: tuple[str, ...]
    skipped: dict[str, int]

    def patients(self) -> pl.DataFrame:
        """`ROW` and PATIENT of each patient's first row, in the file's order; of a wide file each row."""
        frame = self.table.frame.select(ROW, PATIENT)
        return frame.filter(self._first()) if self.long else frame

    def _first(self) -> pl.Series:
        patient = self.table.frame[PATIENT]
        return patient.is_first_distinct() | patient.is_null()

    def once(self, column: pl.Series, each: ColumnMap, findings: Findings) -> pl.Series:
        """A column that says the same in all rows of a patient: an entry a patient; note the rows that differ."""
        if not self.long:
            return column
        frame = self.table.frame.select(ROW, PATIENT).with_columns(column.alias("entry"))
        said = frame.filter(pl.col("entry").is_not_null(), pl.col(PATIENT).is_not_null())
        said = said.unique(PATIENT, keep="first", maintain_order=True).rename({"entry": "said", ROW: "in row"})
        both = frame.join(said, on=PATIENT, how="left", maintain_order="left")
        first = dict(both.select(ROW, pl.struct("in row", "said")).iter_rows())
        self.table.note(
            findings,
            both.select(pl.col("entry") != pl.col("said")).to_series().fill_null(False),
            each.column.upper(),
            kind="differs",
            allowed=lambda row: (
                f"it is the same in all rows of a patient, and row {first[row[ROW]]['in row']} says "
                f"{show(first[row[ROW]]['said'])}"
            ),
            mend="Correct one of them.",
        )
        return both.filter(self._first())["said"]

    def where(self, each: ParameterMap) -> Raw:
        """The rows that a parameter's values stand in."""
        frame = self.table.frame
        for column, allowed in each.where.items():
            options = [allowed] if isinstance(allowed, str) else list(allowed)
            frame = frame.filter(bare(spelt(frame[column.upper()])).is_in(options))
        return replace(self, table=replace(self.table, frame=frame)) if each.where else self

    def check_once(self, findings: Findings) -> None:
        """Note a patient's visit that has two rows."""
        key = pl.struct(PATIENT, VISIT)
        rows = self.table.frame.with_columns(
            key.is_duplicated().alias("#twice"), key.is_first_distinct().alias("#first")
        )
        whole = pl.col(PATIENT).is_not_null() & pl.col(VISIT).is_not_null()
        chosen = rows.filter(whole, pl.col("#twice"), pl.col("#first"))
        first = {(p, v): row for p, v, row in chosen.select(PATIENT, VISIT, ROW).iter_rows()}
        self.table.note(
            findings,
            rows.select(pl.col("#twice") & ~pl.col("#first") & whole).to_series(),
            VISIT,
            kind="twice",
            found=lambda row: (
                f"{show(row[VISIT])}, which row {first[row[PATIENT], row[VISIT]]} of the patient is already"
            ),
            allowed="a patient has one row a visit",
            mend="Remove the row that is not meant, or correct its visit.",
        )


def read_raw(study: Study, data: DataMap, table: Table, findings: Findings) -> Raw:
    """Tell whose each row is and of which visit, noting all that is wrong."""
    wanted, original = _wanted(data), tuple(table.columns)
    known = replace(table, spelt={**table.spelt, **{column.upper(): column for column in wanted}})
    table = known.require({column.upper(): what for column, what in wanted.items()}, findings)
    subject = [column.upper() for column in data.subject_columns]
    spelling = {PATIENT: " and ".join(data.subject_columns) or "row"}
    table = replace(table, spelt={**table.spelt, **spelling})
    table = _with(table, PATIENT, _patient(table, subject, data))
    nameless = frozenset([PATIENT] if any(column in table.absent for column in subject) else [])
    used = frozenset(column.upper() for column in wanted)
    if data.visit is None:
        return Raw(table, False, spelling, nameless, used, original, {})
    table = replace(table, spelt={**table.spelt, VISIT: data.visit.column})
    table, skipped = _skipped(table, data)
    table = _with(table, VISIT, _visits(study, data, table, findings))
    return Raw(table, True, spelling, nameless, used, original, skipped)


def _wanted(data: DataMap) -> dict[str, str]:
    """The columns that the map reads, and what for."""
    wanted = dict.fromkeys(data.subject_columns, "the patient's identifier")
    wanted[data.arm.column] = "the arm that the patient was randomised to"
    if data.visit is not None:
        wanted[data.visit.column] = "the visit that a row is of"
    leaving = {"last visit": data.last_visit, "completion": data.status, "reason to leave": data.reason}
    wanted |= {each.column: f"the patient's {what}" for what, each in leaving.items() if each is not None}
    wanted |= {each.column: f"the study's variable {name}" for name, each in data.variables.items()}
    for each in data.parameters:
        wanted[each.column] = f"{each.parameter} at {each.visit or 'each visit'}"
        wanted |= dict.fromkeys(each.where, f"the rows that {each.parameter} stands in")
    return wanted


def _with(table: Table, name: str, column: pl.Series) -> Table:
    return replace(table, frame=table.frame.with_columns(column.alias(name)))


def _patient(table: Table, columns: list[str], data: DataMap) -> pl.Series:
    """Each row's patient; null where a column that names it is empty."""
    if not columns:
        return table.frame[ROW].cast(pl.String)
    texts = [spelt(table.frame[column]) for column in columns]
    parts = [text.set(text.is_in(data.missing), None).alias(str(n)) for n, text in enumerate(texts)]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=BETWEEN)).to_series()


def _skipped(table: Table, data: DataMap) -> tuple[Table, dict[str, int]]:
    """The file without the rows of visits that the map skips, and how many rows of each there were."""
    assert data.visit is not None
    text = spelt(table.frame[data.visit.column.upper()])
    text = bare(text)
    out = text.is_in(list(data.visit.skip)).fill_null(False)
    counts = {entry: int((text == entry).sum()) for entry in data.visit.skip}
    return replace(table, frame=table.frame.filter(~out)), {entry: n for entry, n in counts.items() if n}


def _visits(study: Study, data: DataMap, table: Table, findings: Findings) -> pl.Series:
    """The study's visit of each row; an entry that is none of them is noted."""
    assert data.visit is not None
    column = data.visit.column.upper()
    named = _with(table, VISIT, entries(table, data.visit, data, (YES, NO)))
    if column in table.absent:
        return named.frame[VISIT]
    names = visit_names(study)
    code = codes(named, VISIT, names, findings, what="the study's visits are", spelt=tuple(data.visit.values) or names)
    named.note(
        findings,
        named.frame[VISIT].is_null(),
        VISIT,
        kind="missing",
        allowed="each row says which visit it is of",
        mend="Fill it in, or remove the row.",
    )
    return pl.Series(list(names), dtype=pl.String).gather(code.cast(pl.UInt32))


def not_taken(raw: Raw, data: DataMap) -> dict[str, dict[str, int]]:
    """Rows that no parameter takes, by the columns that choose rows and their entries."""
    maps = [each for each in data.parameters if each.where]
    if not maps or len(maps) < len(data.parameters):
        return {}
    taken = pl.Series([], dtype=pl.UInt32).append(pl.concat([raw.where(each).table.frame[ROW] for each in maps]))
    left = raw.table.frame.filter(~pl.col(ROW).is_in(taken.unique().implode()))
    columns = dict.fromkeys(column for each in maps for column in each.where)
    counts = {c: dict(spelt(left[c.upper()]).fill_null("").value_counts(sort=True).iter_rows()) for c in columns}
    return {column: found for column, found in counts.items() if found}


def taken_as_missing(raw: Raw, data: DataMap) -> dict[str, dict[str, int]]:
    """How often each entry was taken as missing, by column; empty fields are not counted."""
    maps: list[ColumnMap] = [data.arm, *data.variables.values(), *data.parameters]
    found: dict[str, dict[str, int]] = {}
    for each in maps:
        if each.column in found or each.column.upper() in raw.table.absent:
            continue
        text = spelt(raw.table.frame[each.column.upper()])
        counts = text.filter(missing(text, each, data)).value_counts(sort=True)
        found[each.column] = dict(counts.iter_rows())
    return {column: counts for column, counts in found.items() if counts}
