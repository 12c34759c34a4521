"""Proportional odds, negative binomial and Poisson regression with exposures, incidence rates."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import (
    category_counts,
    fit_negative_binomial,
    fit_poisson,
    fit_proportional_odds,
    incidence_difference,
    incidence_rate,
    incidence_ratio,
    wald,
)
from pivotal.stats.estimate import Estimate
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import Design, design, sides
from pivotal.validate.rule import Rule, Tolerance

FITTED = re.compile(r"(?P<function>[\w.]+)\((?P<formula>[^~]+~[^,]*?)\s*(?:,|\)(?=[\s;:]|$))")
OFFSET = re.compile(r"\+?\s*offset\(\s*log\((?P<exposure>[\w.]+)\)\s*\)")
NUMERICAL = Tolerance(1e-6, why="polr's own estimates stop where its optimiser does")
NUMERICAL_SE = Tolerance(1e-5, why="polr's own standard errors come from a numerical Hessian")
ONE_STEP_BEHIND = Tolerance(
    5e-5,
    why="MASS::theta.ml takes the information one Newton step before its last, which may still be 1e-4 of theta: with "
    "its iteration repeated R's number is met to 1e-12",
)


def _right_side(case: Case) -> tuple[str, str, str]:
    """Response, right side and exposure ("" for none) of the call's formula."""
    found = FITTED.search(case.call)
    assert found is not None
    left, right = sides(found["formula"])
    offset = OFFSET.search(right)
    return left, OFFSET.sub("", right), offset["exposure"] if offset else ""


def _table(case: Case, names: tuple[str, ...] = ()) -> tuple[Table, Design, str, str]:
    left, right, exposure = _right_side(case)
    table = case.table()
    return table, design(table, right), left, exposure


def run_polr(case: Case) -> dict[str, Any]:
    """`polr`: coefficients and thresholds, the common odds ratio of the first coefficient."""
    table, model, left, _ = _table(case)
    inside = re.fullmatch(r"(?:as\.)?(?:factor|ordered)\((.+)\)", left)
    name = inside[1].strip() if inside else left
    levels = table.levels(name)
    counts = category_counts(table.codes(name)[None], len(levels))
    fit = fit_proportional_odds(counts, model.matrix[:, 1:])
    effect = wald(fit, 0)
    estimates = [*fit.coefficients[0], *fit.thresholds[0]]
    errors = [*np.sqrt(np.diagonal(fit.covariance[0])), *fit.se_thresholds[0]]
    return {
        "names": [*model.names[1:], *(f"{low}|{high}" for low, high in pairwise(levels))],
        "est": estimates,
        "se_observed": errors,
        "loglik": float(fit.loglik[0]),
        "polr_est": estimates,
        "polr_se": errors,
        "common_or": float(np.exp(_first(effect.estimate))),
        "or_ci": [float(np.exp(_first(effect.ci_low))), float(np.exp(_first(effect.ci_high)))],
    }


def run_glm_nb(case: Case) -> dict[str, Any]:
    """`glm.nb`: coefficients with θ held fixed, θ."""
    table, model, left, exposure = _table(case)
    fit = fit_negative_binomial(table[left][None], _exposure(table, exposure), model.matrix)
    return {
        "coef": [_row(name, wald(fit, column)) for column, name in enumerate(model.names)],
        "theta": float(fit.theta[0]),
        "se_theta": float(fit.se_theta[0]),
        "dispersion_k": float(fit.dispersion[0]),
        "loglik": float(fit.loglik[0]),
        "deviance": float(fit.deviance[0]),
    }


def run_poisson(case: Case) -> dict[str, Any]:
    """``glm(poisson)`` with an offset: model-based, robust and dispersion."""
    table, model, left, exposure = _table(case)
    fit = fit_poisson(table[left][None], _exposure(table, exposure), model.matrix)
    return {
        "coef": [_row(name, wald(fit, column)) for column, name in enumerate(model.names)],
        "se_hc0": np.sqrt(np.diagonal(fit.robust[0])),
        "dispersion_pearson": float(fit.dispersion[0]),
        "loglik": float(fit.loglik[0]),
        "deviance": float(fit.deviance[0]),
    }


def run_rate(case: Case) -> dict[str, Any]:
    """`poisson.test` an arm and between arms; Wald intervals."""
    x1, t1, x0, t0 = (np.array([float(case.input[name])]) for name in ("x1", "T1", "x0", "T0"))
    level = float(case.input.get("level", 0.95))
    arms = (x1, t1, x0, t0)
    one, other = incidence_rate(x1, t1, level), incidence_rate(x0, t0, level)
    exact = incidence_ratio(*arms, level=level)
    log = incidence_ratio(*arms, method="wald", level=level)
    difference = incidence_difference(*arms, method="wald", level=level)
    return {
        "rate1": _first(one.estimate),
        "ci1": _limits(one),
        "rate0": _first(other.estimate),
        "ci0": _limits(other),
        "ratio": _first(exact.estimate),
        "ratio_exact_lower": _first(exact.ci_low),
        "ratio_exact_upper": _first(exact.ci_high),
        "p_two_sided": _first(exact.p),
        "p_greater": _first(incidence_ratio(*arms, alternative="greater", level=level).p),
        "p_less": _first(incidence_ratio(*arms, alternative="less", level=level).p),
        "p_twice_smaller_tail": _first(incidence_ratio(*arms, rule="central", level=level).p),
        "diff": _first(difference.estimate),
        "diff_se": _first(difference.se),
        "diff_ci": _limits(difference),
        "ratio_wald": _limits(log) if np.isfinite(_first(log.se)) else np.nan,
    }


def _exposure(table: Table, name: str) -> NDArray[np.float64]:
    return np.asarray(table[name], dtype=np.float64) if name else np.ones(table.rows)


def _row(name: str, effect: Estimate) -> dict[str, Any]:
    return {
        "name": name,
        "est": _first(effect.estimate),
        "se": _first(effect.se),
        "lower": _first(effect.ci_low),
        "upper": _first(effect.ci_high),
        "z": _first(effect.statistic),
        "p": _first(effect.p),
    }


def _limits(interval: Estimate) -> list[float]:
    return [_first(interval.ci_low), _first(interval.ci_high)]


def _first(values: NDArray[np.float64] | None) -> float:
    assert values is not None
    return float(values[0])


def _is_poisson(case: Case) -> bool:
    return bool(re.match(r"glm\(", case.call)) and "poisson" in case.call and "offset(" in case.call


RULES = (
    Rule(
        "proportional odds",
        lambda case: case.call.startswith("polr("),
        run_polr,
        tolerances={"polr_est": NUMERICAL, "polr_se": NUMERICAL_SE, "se_observed": Tolerance(1e-8)},
    ),
    Rule(
        "negative binomial regression",
        lambda case: case.call.startswith("glm.nb("),
        run_glm_nb,
        tolerances={"se_theta": ONE_STEP_BEHIND},
    ),
    Rule("Poisson regression", _is_poisson, run_poisson),
    Rule(
        "incidence rates",
        lambda case: "poisson.test(" in case.call and {"x1", "T1", "x0", "T0"} <= case.input.keys(),
        run_rate,
    ),
)
