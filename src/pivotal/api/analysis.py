"""A trial that has been done: its data read, checked, analysed by the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pivotal.api.common import folder_of, loaded
from pivotal.errors import DataError, Fault
from pivotal.study import Study
from pivotal.trials import Results, Trials

if TYPE_CHECKING:
    from pivotal.derive.given import Given
    from pivotal.derive.prepared import Prepared
    from pivotal.records.checking import Checked


@dataclass(frozen=True, slots=True)
class Analysed:
    """A trial's data and what the plan makes of them.

    Attributes
    ----------
    given
        The data.
    results
        Every row: of the plan's analyses, and of the study file's tables.
    not_made
        Tables of the study file that could not be made, each with the reason.
    """

    given: Given
    results: Results
    not_made: Mapping[str, str] = field(default_factory=dict)


def analyse(study: Study | str, data: Trials | Path | str | None = None) -> Results:
    """Analyse one trial by the study's plan.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        A trial; the folder that its data sets are in (of Pivotal's own layout, or, where the study file says where
        values stand in them, SDTM or ADaM); or the file that the study's `[data]` maps. None takes the data that come
        with the study.

    Returns
    -------
    Results
        Every row of the report's tables; of a trial without data sets, those of the plan's analyses.

    Raises
    ------
    DataError
        If the data are wrong: every fault with its file, row and patient.
    """
    from pivotal.plan import Plan

    if isinstance(data, Trials):
        return Plan(loaded(study)).analyse(data)
    return analyse_data(study, data).results


def analyse_data(study: Study | str, data: Path | str | None = None) -> Analysed:
    """Analyse one trial from its data; with the patients, and the tables that could not be made.

    Parameters
    ----------
    study, data
        As of `analyse`.

    Returns
    -------
    Analysed
        The data, every row of the report's tables, and the tables that are not among them.
    """
    from pivotal.derive.given import given

    return analysed(given(loaded(study), Path(data) if data is not None else None, folder_of(study)))


def analysed(given: Given) -> Analysed:
    """What the plan makes of a trial's data."""
    from pivotal.plan import Plan
    from pivotal.plan.tables import not_made, table_rows

    results = Plan(given.study).analyse(given.trials)
    rows = (*results.rows, *table_rows(given.study, given.library))
    absent = not_made(given.study, given.library, given.skipped)
    return Analysed(given, Results(results.study, rows, results.virtual), absent)


def read_data(study: Study | str, data: Path | str | None = None) -> Trials:
    """The patients of a trial, from its data; what reading them took for granted is in their `notes`.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        The folder that its data sets are in, or the file that its `[data]` maps; None takes the data that come with the
        study: beside its study file, where that is given by its path.

    Returns
    -------
    Trials
        One trial.

    Raises
    ------
    DataError
        If the data are wrong: every fault with its file, row and patient.
    """
    from pivotal.derive.given import given

    return given(loaded(study), Path(data) if data is not None else None, folder_of(study)).trials


def check_data(study: Study | str, data: Path | str | None = None) -> Checked:
    """Hold a trial's data against what the standards and the study say, before they are analysed.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        As of `analyse`.

    Returns
    -------
    Checked
        Every finding, with data set, row, patient, rule, value and how to mend it.

    Raises
    ------
    UsageError
        If there are no data at the place.
    DataError
        If data sets cannot be read at all: every file that is broken.
    """
    from pivotal.derive.given import needed, of_the_field, stored_as
    from pivotal.derive.prepared import collect
    from pivotal.records.checking import Checked, from_faults

    place = Path(data) if data is not None else None
    stored = stored_as(loaded(study), place)
    if of_the_field(stored, place):
        return checked(stored, collect(stored, needed(stored, place)))[0]
    try:
        trials = read_data(study, place)
    except DataError as error:
        return Checked(from_faults(error.faults))
    return Checked(from_faults(()), {"patients": trials.shape[1]})


def checked(study: Study, collected: Prepared) -> tuple[Checked, Given | None, list[Fault]]:
    """What checks find in data sets and in what is derived of them, the data, and the faults that stop an analysis."""
    from pivotal.derive.given import of_prepared
    from pivotal.derive.prepared import derived_from
    from pivotal.records.checking import check

    derived, skipped, faults = derived_from(study, collected.library)
    library = {**collected.library, **derived}
    prepared = replace(collected, library=library, derived=tuple(derived), skipped=skipped)
    data = None
    if not faults:
        try:
            data = of_prepared(study, prepared)
        except DataError as error:
            faults = list(error.faults)
    found = check(study, prepared.library, derived=prepared.derived, skipped=skipped, faults=faults)
    return found, data, faults
