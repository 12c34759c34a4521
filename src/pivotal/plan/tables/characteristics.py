"""Patients' characteristics and disposition: variables summarised or counted, and whether the arms differ in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.rows import row
from pivotal.plan.tables.people import Codes, Floats, People
from pivotal.plan.tables.table import TOTAL, key, rows_of, subjects
from pivotal.records.dataset import Library
from pivotal.stats.estimate import Estimate
from pivotal.stats.summary import summarise
from pivotal.study.characteristics_tables import Characteristics, Counted, Summarised
from pivotal.study.model import Study
from pivotal.trials import Key, Row

Mask = NDArray[np.bool_]
STATISTICS = ("n", "mean", "sd", "median", "min", "max")


@rows_of.register
def characteristics(table: Characteristics, study: Study, data: Library) -> Iterator[Row]:
    """N of each column; of a number its summary, of categories `n` and `rate`; `p` of what is tested.

    `groups` hold the variable's position (two may have one label) and the words of a category.
    """
    people = People.of(subjects(table, data))
    arm = people.arms(table, study)
    columns = {each.name: arm == a for a, each in enumerate(study.arms)}
    if table.total:
        columns[TOTAL] = arm >= 0
    for name, mask in columns.items():
        yield row(key(table, statistic="N", arm=name), mask.sum(axis=1))
    for position, variable in enumerate(table.variables):
        make = partial(key, table, parameter=variable.of)
        about = (("variable", str(position)),)
        if isinstance(variable, Summarised):
            yield from _summary(make, about, variable, people, arm, columns, len(study.arms))
        else:
            yield from _counts(make, about, variable, people, arm, columns, len(study.arms))


def _summary(
    make: partial[Key],
    about: tuple[tuple[str, str], ...],
    variable: Summarised,
    people: People,
    arm: Codes,
    columns: dict[str, Mask],
    arms: int,
) -> Iterator[Row]:
    values = people.numbers(variable.of)
    for name, mask in columns.items():
        found = summarise(values, mask)
        for statistic in STATISTICS:
            yield row(make(statistic=statistic, arm=name, groups=about), getattr(found, statistic))
    if variable.test is not None:
        test = stats.one_way(values, arm, arms, arm >= 0)
        yield from _tested(make(statistic="p", method="analysis of variance", groups=about), test)


def _counts(
    make: partial[Key],
    about: tuple[tuple[str, str], ...],
    variable: Counted,
    people: People,
    arm: Codes,
    columns: dict[str, Mask],
    arms: int,
) -> Iterator[Row]:
    level = np.where(people.holds(variable.where), people.codes(variable.of, list(variable.levels)), -1)
    words = list(variable.levels.values())
    asked = people.holds(variable.where)
    for name, mask in columns.items():
        total = mask.sum(axis=1)
        yield row(make(statistic="n", arm=name, groups=about), (mask & (level >= 0)).sum(axis=1))
        counts = [(label, (mask & (level == code)).sum(axis=1)) for code, label in enumerate(words)]
        if variable.missing is not None:
            counts.append((variable.missing, (mask & asked & (level < 0)).sum(axis=1)))
        for label, count in counts:
            groups = (*about, ("category", label))
            rate = np.divide(count, total, out=np.full(total.shape, np.nan), where=total > 0)
            yield row(make(statistic="n", arm=name, groups=groups), count)
            yield row(make(statistic="rate", arm=name, groups=groups), rate)
    strata = _strata(variable, people)
    if variable.test is not None:
        test = _test(variable.test, arm, level, strata, arms, len(words))
        yield from _tested(make(statistic="p", method=_NAMES[variable.test], groups=about), test)
    for entry, how in variable.tested.items():
        code = list(variable.levels).index(entry)
        test = _test(how, arm, (level != code).astype(np.int64), strata, arms, 2)
        groups = (*about, ("category", words[code]))
        yield from _tested(make(statistic="p", method=_NAMES[how], groups=groups), test)


_NAMES = {"fisher": "fisher's exact test", "pearson": "pearson's chi-square", "cmh": "cochran-mantel-haenszel, general"}


def _strata(variable: Counted, people: People) -> Codes:
    if variable.strata is None:
        return np.zeros(people.shape, dtype=np.int64)
    return people.codes(variable.strata, people.entries(variable.strata))


def _test(how: str, arm: Codes, level: Codes, strata: Codes, arms: int, levels: int) -> Estimate:
    counts = cross_counts((strata, arm, level), (int(strata.max(initial=0)) + 1, arms, levels))
    if how == "cmh":
        return stats.cmh_tests(counts).general
    table = counts.sum(axis=1)
    return stats.fisher_exact_table(table) if how == "fisher" else stats.chi_square_table(table)


def cross_counts(codes: tuple[Codes, ...], sizes: tuple[int, ...]) -> Floats:
    """Patients by trial and several codes, (trial, *sizes); who has a negative code counts nowhere."""
    known = np.all([each >= 0 for each in codes], axis=0)
    trial = np.broadcast_to(np.arange(known.shape[0])[:, None], known.shape)
    cell = np.ravel_multi_index((trial[known], *(each[known] for each in codes)), (known.shape[0], *sizes))
    counts = np.bincount(cell, minlength=known.shape[0] * int(np.prod(sizes)))
    return counts.astype(np.float64).reshape(known.shape[0], *sizes)


def _tested(about: Key, test: Estimate) -> Iterator[Row]:
    found: dict[str, Any] = {"statistic": test.statistic, "df": test.df, "p": test.p}
    for name, value in found.items():
        if value is not None:
            yield row(replace(about, statistic=name), value, test.reason)
