"""A linear model whole, as PROC GLM prints it: the rows of sums of squares, tests, estimates, least-squares means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.continuous import Fitted, fit_rows
from pivotal.plan.methods.design import dose_rows, patient_rows
from pivotal.plan.rows import row
from pivotal.plan.tables.endpoint import endpoint_rows, members_rows, table_key
from pivotal.stats.estimate import Estimate
from pivotal.study.endpoint_tables import Model
from pivotal.study.model import Analysis
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the model and its columns."""

    name: str
    columns: tuple[int, ...]


@endpoint_rows.register
def linear_model(table: Model, batch: Batch) -> Iterator[Row]:
    """Rows by source, term, arm and pair of arms; `groups` say which part of the output they belong to."""
    endpoint = batch.study.endpoint(table.endpoint)
    analysis = next(a for a in (endpoint.analysis, *endpoint.supplementary) if a.name == table.analysis)
    dose = analysis.treatment == "dose"
    rows = dose_rows(batch, analysis.covariates) if dose else patient_rows(batch, analysis.covariates, 0)
    fitted = fit_rows(batch, endpoint, analysis, table.visit or endpoint.visit, rows)
    first = Term("dose" if dose else "treatment", (1,) if dose else tuple(rows.column.values()))
    terms = [first, *(Term(name, columns) for name, columns in rows.covariates.items())]
    about = table_key(table, endpoint, statistic="")
    yield from members_rows(table, endpoint, batch)
    yield from _levels(about, batch, analysis)
    yield row(replace(about, statistic="N"), fitted.sums.n)
    yield from _whole(about, fitted)
    yield from _sequential(about, fitted, terms)
    yield from _given_others(about, fitted, terms)
    if dose:
        yield from _estimates(replace(about, groups=(("part", "estimate"),)), fitted.coefficient(1))
    else:
        yield from _arms(about, batch, fitted, equal=table.margins == "equal")


def _levels(about: Key, batch: Batch, analysis: Analysis) -> Iterator[Row]:
    """How many levels each factor of the model has."""
    for name in analysis.covariates:
        if batch.is_factor(name):
            count = np.full(len(batch.trials.arm), float(len(batch.strata((name,)).factors[0].labels)))
            yield row(replace(about, statistic="levels", groups=(("part", "factors"), ("term", name))), count)


def _whole(about: Key, fitted: Fitted) -> Iterator[Row]:
    """Model, error and corrected total; R squared, coefficient of variation, root of the error, mean."""
    sums, fit = fitted.sums, fitted.fit
    everything = slice(1, fitted.rows.x.shape[2])
    table = stats.anova(sums, [everything])
    part = ("part", "model")
    of_model: dict[str, Floats] = {name: getattr(table, name)[:, 0] for name in ("df", "ss", "f", "p")}
    of_error: dict[str, Floats] = {name: getattr(table, name)[:, 1] for name in ("df", "ss")}
    total = {"df": of_model["df"] + of_error["df"], "ss": of_model["ss"] + of_error["ss"]}
    for source, numbers in (("Model", of_model), ("Error", of_error), ("Corrected Total", total)):
        for name, value in numbers.items():
            yield row(replace(about, statistic=name, groups=(part, ("source", source))), value, table.reason)
    mean = np.divide(sums.xty[:, 0], sums.n, out=np.full(sums.n.shape, np.nan), where=sums.n > 0)
    root = np.sqrt(fit.sigma2)
    variation = np.divide(100 * root, mean, out=np.full(mean.shape, np.nan), where=mean != 0)
    last = {"r_squared": table.r_squared, "coefficient of variation": variation, "root mse": root, "mean": mean}
    for name, value in last.items():
        yield row(replace(about, statistic=name, groups=(part,)), value, table.reason)


def _sequential(about: Key, fitted: Fitted, terms: list[Term]) -> Iterator[Row]:
    """Type I: each term given those before it."""
    stops = [1, *(1 + max(term.columns) for term in terms)]
    table = stats.anova(fitted.sums, [slice(a, b) for a, b in pairwise(stops)])
    for place, term in enumerate(terms):
        for name in ("df", "ss", "f", "p"):
            groups = (("part", "type I"), ("term", term.name))
            yield row(replace(about, statistic=name, groups=groups), getattr(table, name)[:, place], table.reason)


def _given_others(about: Key, fitted: Fitted, terms: list[Term]) -> Iterator[Row]:
    """Type III: each term given all the others, in a model without interactions."""
    unit = np.eye(fitted.rows.x.shape[2])
    for term in terms:
        test = stats.joint_test(fitted.fit, unit[list(term.columns)])
        assert test.statistic is not None
        assert test.df is not None
        found = {"df": test.df, "ss": test.statistic * test.df * fitted.fit.sigma2, "f": test.statistic, "p": test.p}
        for name, value in found.items():
            if value is not None:
                groups = (("part", "type III"), ("term", term.name))
                yield row(replace(about, statistic=name, groups=groups), value, test.reason)


def _arms(about: Key, batch: Batch, fitted: Fitted, *, equal: bool) -> Iterator[Row]:
    """Least-squares means of the arms, then their differences.

    Without levels of their own the other factors stand at the means of their indicators, as patients have them.
    """
    names = [arm.name for arm in batch.study.arms]
    others = [fitted.rows.covariates[name] for name in fitted.rows.covariates if batch.is_factor(name)]
    grid = stats.ls_means_rows(fitted.sums.means, list(fitted.rows.column.values()), others if equal else ())
    for a, name in enumerate(names):
        yield from _estimates(replace(about, arm=name, groups=(("part", "ls mean"),)), fitted.contrast(grid[:, a]))
    for a, arm in enumerate(names):
        for b in range(a):
            key = replace(
                about, arm=arm, comparator=names[b], groups=(("part", "ls mean difference"), ("role", "table"))
            )
            yield from _estimates(key, fitted.contrast(grid[:, a] - grid[:, b]))


def _estimates(about: Key, found: Estimate) -> Iterator[Row]:
    for name in ("estimate", "se", "statistic", "p", "ci_low", "ci_high"):
        yield row(replace(about, statistic=name), getattr(found, name), found.reason)
