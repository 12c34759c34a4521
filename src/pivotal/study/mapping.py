"""How somebody's data file is read: which column holds what, and what its entries mean."""

from __future__ import annotations

from pydantic import Field

from pivotal.study.base import Name, Part, Sourced

MISSING = ("", ".", "NA", "NaN")
"""What stands for a missing entry by default: nothing, SAS's point, R's NA, Python's NaN."""


class ColumnMap(Part):
    """A column of a data file and what its entries mean; an entry that `values` does not name is read as it stands.

    `missing` are entries that mean missing in this column alone, as 999. `times` and `plus` bring a number to the
    study's unit: the study's value is `times` x entry + `plus`.
    """

    column: Name
    values: dict[str, bool | float | str] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    times: float | None = None
    plus: float | None = None


class VisitMap(ColumnMap):
    """The column that says which visit a row is of; rows of the visits that `skip` names are left out, and counted."""

    skip: tuple[str, ...] = ()


class ParameterMap(ColumnMap):
    """Where one parameter's values stand: those of one visit, or without `visit` those of the row's visit.

    `where` chooses rows by entries of other columns: ``{ PARAMCD = "SYSBP" }`` of a file with a row a parameter.
    """

    parameter: Name
    visit: Name | None = None
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)


class DataMap(Sourced):
    """How a trial's data file maps to patients, arms, baseline variables and parameters.

    Without `visit` a row is a patient; with it, a patient's visit. `subject` may be several columns, where a number
    is unique only within a centre; without it, a row is a patient, known by the row's number. `last_visit`, `status`
    and `reason` say who left and when, where columns say it. `ignore` names columns that are not meant to be read: all
    other columns that nothing reads are listed.
    """

    subject: Name | tuple[Name, ...] | None = None
    arm: ColumnMap
    visit: VisitMap | None = None
    variables: dict[str, ColumnMap] = Field(default_factory=dict)
    parameters: tuple[ParameterMap, ...] = ()
    last_visit: ColumnMap | None = None
    status: ColumnMap | None = None
    reason: ColumnMap | None = None
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING

    @property
    def subject_columns(self) -> tuple[str, ...]:
        """The columns that identify a patient; none where a row is a patient."""
        if self.subject is None:
            return ()
        return (self.subject,) if isinstance(self.subject, str) else self.subject
