"""Time to event: Kaplan-Meier, restricted means, log-rank tests, Cox's model, quantiles of survival time.

Cases name their columns in the call's formula, ``Surv(time, status) ~ trt + x + strata(st)``, or in `input` (``time``,
``event``, ``trt`` or ``arm``); the call goes first where the data have such a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Estimate
from pivotal.stats.survival.cox import CoxFit, cox_wald, fit_cox, hazard_ratio
from pivotal.stats.survival.kaplan_meier import KaplanMeier, at_risk_at, kaplan_meier, survival_at
from pivotal.stats.survival.km_quantile import survival_quantile
from pivotal.stats.survival.logrank import log_rank
from pivotal.stats.survival.rmst import rmst
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import design
from pivotal.validate.rule import Rule

# R's names for the treatments of ties.
TIES = {"efron": "efron", "breslow": "breslow", "exact": "discrete"}


def _survfit(case: Case) -> Mapping[str, Any]:
    columns = _Columns(case)
    conf_type = _quoted(case, "conf.type", "log")
    times = np.asarray(case.input["times"], dtype=np.float64)
    probabilities = case.input.get("probs", [0.25, 0.5, 0.75])
    rows: list[dict[str, Any]] = []
    quantiles: dict[str, list[Any]] = {"quantile": [], "quantile_lower": [], "quantile_upper": []}
    means = []
    for level, chosen in columns.arms():
        curve = columns.curve(chosen)
        rows += _survfit_rows(f"{columns.arm}={level}", curve, times, conf_type)
        found = survival_quantile(curve, probabilities, conf_type=conf_type)
        for name, part in zip(quantiles, (found.estimate, found.ci_low, found.ci_high), strict=True):
            quantiles[name].append(_first(part))
        mean = rmst(curve, times.max())
        events = (chosen & columns.happened).sum()
        means.append([chosen.sum(), events, _first(mean.estimate), _first(mean.se)])
    return {"rows": rows, **quantiles, "rmst": means}


def _survfit_rows(arm: str, curve: KaplanMeier, times: NDArray[np.float64], conf_type: str) -> list[dict[str, Any]]:
    found, at_risk = survival_at(curve, times, conf_type), at_risk_at(curve, times)[0]
    parts = {"surv": found.estimate, "se": found.se, "lower": found.ci_low, "upper": found.ci_high}
    named = {name: _first(part) for name, part in parts.items()}
    return [
        {"arm": arm, "time": time, "n_risk": at_risk[i], **{name: part[i] for name, part in named.items()}}
        for i, time in enumerate(times)
    ]


def _quantiles(case: Case) -> Mapping[str, Any]:
    columns = _Columns(case)
    conf_type = _quoted(case, "conf.type", "log")
    probabilities = case.result["probs"]
    names = ("arms", "midpoint", "lower", "upper", "first_le", "first_lt")
    result: dict[str, Any] = {name: [] for name in names} | {"probs": probabilities}
    for level, chosen in columns.arms():
        curve = columns.curve(chosen)
        middle, start, end = (
            survival_quantile(curve, probabilities, flat=flat, conf_type=conf_type)
            for flat in ("midpoint", "first at or below", "first below")
        )
        result["arms"].append(f"{columns.arm}={level}")
        result["midpoint"].append(_first(middle.estimate))
        result["lower"].append(_first(middle.ci_low))
        result["upper"].append(_first(middle.ci_high))
        result["first_le"].append(_first(start.estimate))
        result["first_lt"].append(_first(end.estimate))
    return result


def _survdiff(case: Case) -> Mapping[str, Any]:
    columns = _Columns(case)
    rho = re.search(r"rho\s*=\s*([\d.]+)", case.call)
    test = log_rank(
        columns.table[columns.time][None],
        columns.happened,
        columns.table.codes(columns.arm),
        weight=(float(rho.group(1)) if rho else 0.0, 0.0),
        strata=columns.strata(),
    )
    return {
        "chisq": test.statistic[0],
        "df": test.df[0],
        "p": test.p[0],
        "obs": test.observed[0],
        "exp": test.expected[0],
        "var": test.covariance[0],
    }


def _coxph(case: Case) -> Mapping[str, Any]:
    columns = _Columns(case)
    names, fit = columns.cox(case)
    shared = {
        "loglik": [fit.loglik_null[0], fit.loglik[0]],
        "score": _test(fit.score),
        "lr": _test(fit.likelihood_ratio),
        "wald": _test(fit.wald),
    }
    return shared | (_summary(names, fit) if "names" in case.result else _robust(names, fit))


def _summary(names: list[str], fit: CoxFit) -> dict[str, Any]:
    """As ``summary(coxph())``, whose Wald statistic R rounds to two decimals."""
    ratios = [hazard_ratio(fit, column) for column in range(len(names))]
    statistic, df, p = _test(fit.wald)
    return {
        "names": _plain(names),
        "coef": _plain(list(fit.coefficients[0])),
        "hr": _plain([_first(ratio.estimate) for ratio in ratios]),
        "se": _plain([_first(ratio.se) for ratio in ratios]),
        "hr_lower": _plain([_first(ratio.ci_low) for ratio in ratios]),
        "hr_upper": _plain([_first(ratio.ci_high) for ratio in ratios]),
        "wald_p": _plain([_first(ratio.p) for ratio in ratios]),
        "wald": [round(statistic, 2), df, p],
    }


def _robust(names: list[str], fit: CoxFit) -> dict[str, Any]:
    effects = [cox_wald(fit, column) for column in range(len(names))]
    result: dict[str, Any] = {
        "coef": [
            {
                "name": name,
                "est": _first(effect.estimate),
                "se": _first(effect.se),
                "lower": _first(effect.ci_low),
                "upper": _first(effect.ci_high),
                "z": _first(effect.statistic),
                "p": _first(effect.p),
            }
            for name, effect in zip(names, effects, strict=True)
        ],
        "hr": _plain(list(np.exp(fit.coefficients[0]))),
    }
    if fit.robust_score is not None:
        result["robust_score"] = _test(fit.robust_score)
        result["naive_se"] = _plain(list(np.sqrt(np.diagonal(fit.covariance[0]))))
    return result


class _Columns:
    """Which columns of a case's data are what, and the data without rows that lack any of them."""

    def __init__(self, case: Case) -> None:
        self.time, event, right = _formula(case)
        self.event, _, code = event.replace("=", " ").partition(" ")
        terms, self.by, self.cluster = _special(right, case.call)
        table = case.table()
        named = [*terms[:1], case.input.get("trt", ""), case.input.get("arm", "")]
        self.arm = next((name for name in named if name in table), "")
        self.terms = terms or [self.arm]
        self.table = self._complete(table)
        self.happened = self.table[self.event] == self._event_code(code)

    def _event_code(self, code: str) -> float:
        """What the formula says, ``status == 2``; else, as R has it, 2 where the codes are 1 and 2, and 1."""
        if code.strip().isdigit():
            return float(code)
        return 2.0 if self.table[self.event].max(initial=0) == 2 else 1.0

    def _complete(self, table: Table) -> Table:
        parts = [part.strip() for term in self.terms for part in re.split("[:*]", term)]
        named = {re.sub(r"^(?:as\.)?factor\((.+)\)$", r"\1", part) for part in parts}
        used = [name for name in {self.time, self.event, self.arm, *self.by, *named} if name in table]
        there = np.ones(table.rows, dtype=np.bool_)
        for name in used:
            values = table[name]
            there &= ~np.isnan(values) if values.dtype.kind == "f" else values != ""
        return table.keep(there)

    def arms(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """The arms' levels with their patients."""
        codes = self.table.codes(self.arm)
        return [(level, codes == code) for code, level in enumerate(self.table.levels(self.arm))]

    def curve(self, chosen: NDArray[np.bool_]) -> KaplanMeier:
        """The curve of some patients."""
        return kaplan_meier(self.table[self.time][None], self.happened, chosen)

    def strata(self) -> NDArray[np.int64] | None:
        """Codes of the strata, crossed if there are several."""
        if not self.by:
            return None
        crossed = np.zeros(self.table.rows, dtype=np.int64)
        for name in self.by:
            crossed = crossed * (len(self.table.levels(name)) + 1) + self.table.codes(name) + 1
        return crossed

    def cox(self, case: Case) -> tuple[list[str], CoxFit]:
        """Fit the call's model."""
        model = design(self.table, " + ".join(self.terms))
        fit = fit_cox(
            self.table[self.time][None],
            self.happened,
            model.matrix[:, 1:],
            ties=TIES[_quoted(case, "ties", "efron")],
            strata=self.strata(),
            robust=re.search(r"robust\s*=\s*T", case.call) is not None,
            cluster=self.table.codes(self.cluster) if self.cluster else None,
        )
        return list(model.names[1:]), fit


def _formula(case: Case) -> tuple[str, str, str]:
    """Time, event and right side: of the call where it has a formula, else of the input."""
    found = re.search(r"Surv\(\s*([\w.]+)\s*,\s*([\w.]+(?:\s*==\s*\d+)?)[^)]*\)\s*~\s*([^,;]*)", case.call)
    if found is None:
        return case.input.get("time", "time"), case.input.get("event", "status"), case.input.get("trt", "")
    return found.group(1), found.group(2), _balanced(found.group(3))


def _balanced(right: str) -> str:
    """The formula up to the parenthesis that closes the call."""
    depth = 0
    for position, letter in enumerate(right):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return right[:position]
    return right


def _special(right: str, call: str) -> tuple[list[str], list[str], str]:
    """Ordinary terms, strata, and the cluster of a formula's right side and its call."""
    plus = [part.strip() for part in re.split(r"\+(?![^(]*\))", right) if part.strip()]
    strata: list[str] = []
    cluster = re.search(r"cluster\s*=\s*([\w.]+)", call)
    group = cluster.group(1) if cluster else ""
    terms = []
    for part in plus:
        inside = re.fullmatch(r"(strata|cluster)\s*\((.+)\)", part)
        if inside is None:
            terms.append(part)
        elif inside.group(1) == "strata":
            strata += [name.strip() for name in inside.group(2).split(",")]
        else:
            group = inside.group(2).strip()
    return [term for term in terms if term != "1"], strata, group


def _quoted(case: Case, name: str, default: str) -> str:
    found = re.search(rf"{re.escape(name)}\s*=\s*['\"]([\w-]+)['\"]", case.call)
    return found.group(1) if found else default


def _test(test: Estimate) -> list[float]:
    assert test.statistic is not None
    assert test.df is not None
    assert test.p is not None
    return [float(test.statistic[0]), float(test.df[0]), float(test.p[0])]


def _first(values: NDArray[np.float64] | None) -> Any:
    """The only replicate's."""
    assert values is not None
    return values[0]


def _plain(values: list[Any]) -> Any:
    """R's vectors of length one are written as a number."""
    return values[0] if len(values) == 1 else values


RULES: tuple[Rule, ...] = (
    Rule("Kaplan-Meier", lambda case: "survfit(" in case.call and case.kind.startswith("km_"), _survfit),
    Rule("quantiles of survival time", lambda case: "quantile(survfit(" in case.call, _quantiles),
    Rule("log-rank test", lambda case: "survdiff(" in case.call, _survdiff),
    Rule("Cox's model", lambda case: "coxph(" in case.call, _coxph),
)
