"""Methods for binary endpoints: they see cells, arms by strata, whoever counted them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Literal

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Cells
from pivotal.plan.methods.outcome import Floats, Outcome, Pair, exponentiated, one_of
from pivotal.stats.estimate import Estimate
from pivotal.study.methods import Method
from pivotal.study.model import Analysis

Binary = Callable[[Cells, Analysis, int, list[int]], list[Outcome]]
"""A binary method: cells, the analysis (level and options), comparator, arms -> an outcome an arm."""


def _unstratified(estimator: Callable[..., Estimate], method: str, scale: str) -> Binary:
    def estimate(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
        x, n = cells.x, cells.n
        return [
            Outcome(
                (arm, comparator),
                estimator(x[:, arm], n[:, arm], x[:, comparator], n[:, comparator], level=analysis.level),
                scale,
                method,
            )
            for arm in arms
        ]

    return estimate


def _tables(cells: Cells, arm: int, comparator: int) -> tuple[Floats, Floats, Floats, Floats]:
    return cells.events[:, arm], cells.totals[:, arm], cells.events[:, comparator], cells.totals[:, comparator]


def _stratified(estimator: Callable[..., Estimate], method: str, scale: str) -> Binary:
    def estimate(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
        return [
            Outcome((arm, comparator), estimator(*_tables(cells, arm, comparator), level=analysis.level), scale, method)
            for arm in arms
        ]

    return estimate


def _weighted(estimator: Callable[..., Estimate], method: str) -> Binary:
    """A stratified risk difference whose weights the analysis names."""

    def estimate(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
        weights = analysis.weights or "mantel-haenszel"
        words = f"{method}, {weights} weights"
        return _stratified(partial(estimator, weights=weights), words, "risk difference")(
            cells, analysis, comparator, arms
        )

    return estimate


def _score(contrast: Literal["ratio", "odds ratio"], scale: str) -> Binary:
    return _unstratified(partial(stats.score_interval, contrast=contrast), "miettinen-nurminen", scale)


def _score_stratified(contrast: Literal["ratio", "odds ratio"], scale: str) -> Binary:
    method = "miettinen-nurminen stratified, mantel-haenszel weights"
    return _stratified(partial(stats.stratified_score_interval, contrast=contrast), method, scale)


def _mantel_haenszel(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
    variance = analysis.variance or "sato"
    return _stratified(COMMON[variance], f"mantel-haenszel, {variance} variance", "risk difference")(
        cells, analysis, comparator, arms
    )


COMMON: dict[str, Callable[..., Estimate]] = {
    "sato": partial(stats.mantel_haenszel, variance="sato"),
    "greenland-robins": partial(stats.mantel_haenszel, variance="greenland-robins"),
    "klingenberg": stats.klingenberg,
}
"""The common risk difference, by its variance."""


def _cmh(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
    options = stats.preset("cochran_mantel_haenszel", analysis.preset or "sas")
    outcomes = []
    for arm in arms:
        tables = _tables(cells, arm, comparator)
        ratio = stats.mantel_haenszel_odds_ratio(*tables, level=analysis.level)
        test = stats.cochran_mantel_haenszel(*tables, **options)
        reason = np.where(ratio.reason == 0, test.reason, ratio.reason).astype(np.uint8)
        both = replace(ratio, statistic=test.statistic, df=test.df, p=test.p, reason=reason)
        name = "cochran-mantel-haenszel, continuity-corrected" if options["correction"] else "cochran-mantel-haenszel"
        method = f"{name}, robins-breslow-greenland limits"
        alike = stats.breslow_day(*tables)
        extra = {"p_breslow_day": np.asarray(alike.breslow_day.p), "p_tarone": np.asarray(alike.tarone.p)}
        outcomes.append(Outcome((arm, comparator), both, "odds ratio", method, extra))
    return outcomes


def _logistic(test: str) -> Binary:
    def estimate(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
        design, column = _design(cells, comparator)
        events, totals = (a.reshape(len(a), -1) for a in (cells.events, cells.totals))
        if test == "likelihood-ratio":
            found = [stats.logistic_lr(events, totals, design, column[arm], level=analysis.level) for arm in arms]
        else:
            fit = stats.fit_logistic(events, totals, design)
            found = [stats.wald(fit, column[arm], level=analysis.level) for arm in arms]
        if test == "score":
            tests = [stats.logistic_score_test(events, totals, design, column[arm]) for arm in arms]
            found = [replace(f, statistic=t.statistic, df=t.df, p=t.p) for f, t in zip(found, tests, strict=True)]
        return [
            Outcome((arm, comparator), exponentiated(each), "odds ratio", f"logistic {test}")
            for arm, each in zip(arms, found, strict=True)
        ]

    return estimate


def _firth(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
    design, column = _design(cells, comparator)
    events, totals = (a.reshape(len(a), -1) for a in (cells.events, cells.totals))
    return [
        Outcome(
            (arm, comparator),
            exponentiated(stats.firth(events, totals, design, column[arm], level=analysis.level)),
            "odds ratio",
            "firth, penalised likelihood",
        )
        for arm in arms
    ]


def _standardised(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
    design, column = _design(cells, comparator)
    events, totals = (a.reshape(len(a), -1) for a in (cells.events, cells.totals))
    none = design.copy()
    none[:, list(column.values())] = 0.0
    model = analysis.variance == "model"
    outcomes = []
    for arm in arms:
        active = none.copy()
        active[:, column[arm]] = 1.0
        found = stats.marginal_risks(
            events, totals, design, active, none, level=analysis.level, variance="model" if model else "superpopulation"
        )
        method = f"g-computation, {'model' if model else 'robust'} variance"
        outcomes.append(Outcome((arm, comparator), found.difference, "risk difference", method))
    return outcomes


def _modified_poisson(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
    design, column = _design(cells, comparator)
    events, totals = (a.reshape(len(a), -1) for a in (cells.events, cells.totals))
    fit = stats.fit_modified_poisson(events, totals, design)
    small = analysis.variance == "hc1"
    method = f"modified poisson, {'hc1' if small else 'hc0'} variance"
    return [
        Outcome(
            (arm, comparator),
            exponentiated(stats.modified_poisson(fit, column[arm], level=analysis.level, small_sample=small)),
            "risk ratio",
            method,
        )
        for arm in arms
    ]


def _design(cells: Cells, comparator: int) -> tuple[Floats, dict[int, int]]:
    """Dummy-coded main effects over (arm, stratum) cells, and the column of each arm."""
    arms, strata = cells.totals.shape[1:]
    arm = np.repeat(np.arange(arms), strata)
    columns = [np.ones(arms * strata)]
    column: dict[int, int] = {}
    for a in range(arms):
        if a != comparator:
            column[a] = len(columns)
            columns.append((arm == a).astype(np.float64))
    for f, each in enumerate(cells.strata.factors):
        level = np.tile(cells.strata.levels[:, f], arms)
        columns += [(level == code).astype(np.float64) for code in range(1, len(each.labels))]
    return np.stack(columns, axis=1), column


def _exact(pairwise: bool) -> Binary:
    variant = "pairwise" if pairwise else "joint"

    def estimate(cells: Cells, analysis: Analysis, comparator: int, arms: list[int]) -> list[Outcome]:
        others = [a for a in range(cells.totals.shape[1]) if a != comparator]
        order = [comparator, *others]
        levels = cells.strata.levels if cells.strata.factors else None
        found = stats.exact_logistic(
            cells.events[:, order], cells.totals[:, order], levels, pairwise=pairwise, level=analysis.level
        )
        return [_exact_outcome(found, others.index(arm), (arm, comparator), variant) for arm in arms]

    return estimate


def _exact_outcome(found: stats.ExactLogistic, index: int, pair: Pair, variant: str) -> Outcome:
    one = one_of(found.log_odds_ratio, index)
    extra = {"p_score": found.p_score[:, index], "p_probability": found.p_probability[:, index]}
    return Outcome(pair, exponentiated(one), "odds ratio", f"exact conditional logistic, {variant}", extra)


BINARY: dict[Method, Binary] = {
    "exact conditional logistic": _exact(pairwise=False),
    "exact conditional logistic pairwise": _exact(pairwise=True),
    "logistic wald": _logistic("wald"),
    "logistic score": _logistic("score"),
    "logistic likelihood-ratio": _logistic("likelihood-ratio"),
    "firth": _firth,
    "g-computation risk difference": _standardised,
    "modified poisson": _modified_poisson,
    "cochran-mantel-haenszel": _cmh,
    "fisher": _unstratified(stats.fisher_exact, "fisher, conditional odds ratio", "odds ratio"),
    "fisher mid-p": _unstratified(
        partial(stats.fisher_exact, rule="mid-p", limits="rule"), "fisher mid-p, conditional odds ratio", "odds ratio"
    ),
    "exact common odds ratio": _stratified(
        stats.exact_common_odds_ratio, "exact, conditional common odds ratio", "odds ratio"
    ),
    "odds ratio wald": _unstratified(stats.wald_odds_ratio, "wald (woolf)", "odds ratio"),
    "odds ratio miettinen-nurminen": _score("odds ratio", "odds ratio"),
    "odds ratio miettinen-nurminen stratified": _score_stratified("odds ratio", "odds ratio"),
    "risk difference wald": _unstratified(stats.wald_difference, "wald", "risk difference"),
    "risk difference mee": _unstratified(stats.mee, "mee", "risk difference"),
    "risk difference newcombe": _unstratified(stats.newcombe, "newcombe", "risk difference"),
    "risk difference newcombe stratified": _weighted(stats.stratified_newcombe, "newcombe stratified"),
    "risk difference miettinen-nurminen": _unstratified(
        stats.miettinen_nurminen, "miettinen-nurminen", "risk difference"
    ),
    "risk difference miettinen-nurminen stratified": _weighted(
        stats.stratified_score_interval, "miettinen-nurminen stratified"
    ),
    "risk difference mantel-haenszel": _mantel_haenszel,
    "risk difference minimum-risk": _stratified(stats.minimum_risk, "minimum-risk weights", "risk difference"),
    "risk ratio wald": _unstratified(stats.wald_risk_ratio, "wald", "risk ratio"),
    "risk ratio miettinen-nurminen": _score("ratio", "risk ratio"),
    "risk ratio miettinen-nurminen stratified": _score_stratified("ratio", "risk ratio"),
    "risk ratio mantel-haenszel": _stratified(
        stats.mantel_haenszel_risk_ratio, "mantel-haenszel, greenland-robins variance", "risk ratio"
    ),
}


def from_cells(analysis: Analysis, cells: Cells, pairs: Iterable[Pair]) -> list[Outcome]:
    """Run a binary method on cells, for the given pairs of arms; the statistic N is who was compared.

    A patient whose stratum is unknown is in no cell: N then falls short of the two arms, and shows it.
    """
    n = cells.n
    return [
        replace(outcome, extra={"N": n[:, list(outcome.pair or ())].sum(axis=1)} | outcome.extra)
        for comparator, group in groupby(pairs, key=lambda pair: pair[1])
        for outcome in BINARY[analysis.method](cells, analysis, comparator, [arm for arm, _ in group])
    ]


def in_large_sample(analysis: Analysis) -> Analysis:
    """The analysis that has the same value in a population and can be computed there."""
    method = analysis.method
    if method == "exact common odds ratio":
        return analysis.model_copy(update={"method": "cochran-mantel-haenszel"})
    same = method.startswith(("exact", "fisher", "logistic")) or method == "firth"
    return analysis.model_copy(update={"method": "logistic wald"}) if same else analysis
