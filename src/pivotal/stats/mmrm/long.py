"""From long data, a row an outcome, to the arrays of one model for repeated measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.design import VisitDesign, visit_design


@dataclass(frozen=True, slots=True, kw_only=True)
class LongData:
    """One trial's outcomes by patient and visit, and its design.

    Attributes
    ----------
    y
        Outcomes, (1, patient, visit); NaN where there is no row.
    x
        Covariates, (patient, covariate): an intercept, then for each variable its numbers, or an indicator of each of
        its levels but the reference.
    names
        What each covariate is: ``("intercept", "")``, ``(variable, "")`` or ``(variable, level)``.
    patients, visits
        Labels along the axes of `y`.
    """

    y: Floats
    x: Floats
    names: tuple[tuple[str, str], ...]
    patients: NDArray[Any]
    visits: NDArray[Any]

    def design(self, common: Sequence[str] = ()) -> VisitDesign:
        """The design in which every variable but the `common` ones has a coefficient of its own at each visit."""
        places = [place for place, (variable, _) in enumerate(self.names) if variable in common]
        return visit_design(self.x, len(self.visits), places)

    def row(self, variable: str, level: str, visit: Any, common: Sequence[str] = ()) -> Floats:
        """The contrast that picks one coefficient of `design`, (1, column)."""
        visits = len(self.visits)
        widths = [1 if name in common else visits for name, _ in self.names]
        place = self.names.index((variable, level))
        step = 0 if variable in common else int(np.flatnonzero(self.visits == visit)[0])
        return np.eye(sum(widths))[[sum(widths[:place]) + step]]


def long_data(
    patient: ArrayLike,
    visit: ArrayLike,
    value: ArrayLike,
    covariates: Mapping[str, ArrayLike],
    *,
    reference: Mapping[str, Any] | None = None,
) -> LongData:
    """Arrange the columns of a long data frame, a row a patient and visit, for `fit_mmrm`.

    Parameters
    ----------
    patient, visit
        Whose outcome a row is, and of which visit, (row,): numbers or text. Visits are taken in ascending order; for
        another order give their numbers.
    value
        Outcomes, (row,); NaN where missing. A patient may lack rows.
    covariates
        Variables that do not change over time, each (row,). Text and booleans are factors, numbers enter as they are.
    reference
        The level of a factor that gets no column, by the factor's name; the first in ascending order if not named.

    Returns
    -------
    LongData

    Raises
    ------
    ValueError
        If columns differ in length, text is missing, a patient has two rows for a visit, a covariate changes within a
        patient, or a reference is not a level of its factor.

    Notes
    -----
    Columns may be anything that becomes a NumPy array: of a Polars or pandas frame, or lists. A number that is missing
    (NaN) leaves the patient's outcomes out of the fit. The model of `design` is that of SAS `PROC MIXED` with
    ``MODEL value = visit variable*visit / NOINT`` and ``REPEATED visit / SUBJECT=patient TYPE=UN``, and of R's
    ``mmrm(value ~ 0 + visit + visit:variable + us(visit | patient))``.

    Examples
    --------
    >>> from pivotal.stats import fit_mmrm, mmrm_contrasts
    >>> patient = ["a", "a", "b", "b", "c", "d", "d", "e", "e", "f", "f"]
    >>> week = [2, 4, 2, 4, 2, 2, 4, 2, 4, 2, 4]
    >>> arm = ["P", "P", "P", "P", "P", "T", "T", "T", "T", "T", "T"]
    >>> change = [1, 2, 2, 4.5, 0.5, 1.5, 3.5, 2.5, 3, 1, 2.5]
    >>> data = long_data(patient, week, change, {"arm": arm}, reference={"arm": "P"})
    >>> data.y.shape, data.names
    ((1, 6, 2), (('intercept', ''), ('arm', 'T')))
    >>> effect = mmrm_contrasts(fit_mmrm(data.y, data.design()), data.row("arm", "T", 4))
    >>> round(effect.estimate.item(), 4)
    0.05
    """
    given = {"patient": np.asarray(patient), "visit": np.asarray(visit), "value": np.asarray(value, dtype=np.float64)}
    variables = {name: np.asarray(column) for name, column in covariates.items()}
    _check_columns({**given, **variables})
    patients, first, whose = np.unique(given["patient"], return_index=True, return_inverse=True)
    visits, when = np.unique(given["visit"], return_inverse=True)
    _check_once(given["patient"], given["visit"], whose * len(visits) + when)
    y = np.full((1, len(patients), len(visits)), np.nan)
    y[0, whose, when] = given["value"]
    columns, names = [np.ones(len(patients))], [("intercept", "")]
    for name, column in variables.items():
        own = column[first]
        _check_constant(name, given["patient"], column, own[whose])
        made, levels = _columns(name, own, (reference or {}).get(name))
        columns += made
        names += [(name, level) for level in levels]
    return LongData(y=y, x=np.stack(columns, axis=1), names=tuple(names), patients=patients, visits=visits)


def _columns(name: str, own: NDArray[Any], reference: Any) -> tuple[list[Floats], list[str]]:
    """A variable's columns over patients and the level of each, "" of numbers."""
    if own.dtype.kind in "iuf" and reference is None:
        return [own.astype(np.float64)], [""]
    levels = np.unique(own)
    base = levels[0] if reference is None else reference
    if base not in levels:
        raise ValueError(
            f"reference[{name!r}] is {base!r}; {name} has the levels {', '.join(str(level) for level in levels)}. "
            f"Name one of them."
        )
    rest = levels[levels != base]
    return [(own == level).astype(np.float64) for level in rest], [str(level) for level in rest]


def _check_columns(columns: Mapping[str, NDArray[Any]]) -> None:
    rows = len(columns["value"])
    for name, column in columns.items():
        if column.shape != (rows,):
            raise ValueError(f"{name} has the shape {column.shape}; every column has {rows} rows as value. Change it.")
        if column.dtype == object and any(each is None for each in column):
            raise ValueError(f"{name} has missing entries; only numbers may be missing. Remove those rows.")


def _check_once(patient: NDArray[Any], visit: NDArray[Any], cell: NDArray[np.int64]) -> None:
    order = np.argsort(cell, kind="stable")
    twice = order[1:][cell[order][1:] == cell[order][:-1]]
    if twice.size:
        row = twice[0]
        raise ValueError(
            f"patient {patient[row]} has two rows for visit {visit[row]} (row {row}); "
            f"a patient has one outcome a visit. Remove one."
        )


def _check_constant(name: str, patient: NDArray[Any], column: NDArray[Any], own: NDArray[Any]) -> None:
    changed = column != own
    if column.dtype.kind == "f":
        changed &= ~(np.isnan(column) & np.isnan(own))
    if changed.any():
        row = int(np.flatnonzero(changed)[0])
        raise ValueError(
            f"{name} of patient {patient[row]} is {column[row]} in row {row} and {own[row]} in the patient's first; "
            f"a covariate does not change over time. Give fit_mmrm the design in full for one that does."
        )
