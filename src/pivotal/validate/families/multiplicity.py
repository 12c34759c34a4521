"""Multiplicity: adjusted p-values, graphs and their closures, Dunnett."""

from __future__ import annotations

from typing import Any

import numpy as np

from pivotal import stats
from pivotal.stats import Graph, LocalTest
from pivotal.validate.case import Case, Table
from pivotal.validate.rule import Rule, Tolerance

JSON = dict[str, Any]

P_ADJUST = {
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "hochberg",
    "hommel": "hommel",
    "BH": "benjamini-hochberg",
    "fdr": "benjamini-hochberg",
    "BY": "benjamini-yekutieli",
}
"""R's names of p.adjust's methods, and ours."""

CLOSURE = {
    "adjusted": Tolerance(0.0, 5e-11, "graphicalMCP's closure rounds p-values to ten decimals"),
}
SAMPLED_CLOSURE = {
    "adjusted": Tolerance(0.0, 1e-4, "the other program samples the integral (Genz-Bretz, about 1e-4)"),
}
DUNNETT_P = Tolerance(0.0, 2e-5, "the other program samples the integral (Genz-Bretz, about 1e-5)")
SEARCHED = "mvtnorm's qmvt stops its search once the probability is within 0.001 of the one wanted"
DUNNETT_QUANTILE = Tolerance(3e-4, 1e-4, SEARCHED)
CRITICAL = Tolerance(1e-4, 0.0, SEARCHED)


def _tested(adjusted: Any, alpha: float) -> JSON:
    values = np.asarray(adjusted)[0]
    return {"adjusted": values.tolist(), "reject": (values <= alpha).tolist()}


def _adjust(case: Case) -> JSON:
    method: Any = P_ADJUST[case.input["method"]]
    return _tested(stats.adjust_p([case.input["p"]], method, positive_dependence=True), case.input["alpha"])


def _fixed_sequence(case: Case) -> JSON:
    return _tested(stats.fixed_sequence([case.input["p"]]), case.input["alpha"])


def _step_down_sidak(case: Case) -> JSON:
    return _tested(stats.adjust_p([case.input["p"]], "holm-sidak"), case.input["alpha"])


def _graph(case: Case) -> Graph:
    return Graph(np.asarray(case.input["weights"], dtype=float), np.asarray(case.input["transitions"], dtype=float))


def _shortcut(case: Case) -> JSON:
    graph, p, alpha = _graph(case), [case.input["p"]], case.input["alpha"]
    found, trace = stats.bonferroni_graph(p, *graph, alpha), stats.graph_trace(p, *graph, alpha)
    return {
        "adjusted": found.adjusted[0].tolist(),
        "reject": found.rejected[0].tolist(),
        "final_weights": trace.weights[0, -1].tolist(),
        "final_transitions": trace.transitions[0].tolist(),
    }


def _closure(case: Case) -> JSON:
    found = stats.closed_graph(
        [case.input["p"]], *_graph(case), case.input["alpha"], _local_tests(case), positive_dependence=True
    )
    return {"adjusted": found.adjusted[0].tolist(), "reject": found.rejected[0].tolist()}


def _local_tests(case: Case) -> list[LocalTest]:
    """The groups of a closure: `groups` and `types` (positions from 1), or one of the kind that the id ends with."""
    given = case.input
    groups = given.get("groups") or [list(range(1, len(given["p"]) + 1))]
    types = given.get("types") or [case.kind.removeprefix("closure_")]
    tests = []
    for group, test in zip(groups, types, strict=True):
        members = tuple(h - 1 for h in group)
        known = np.asarray(given["corr"], dtype=float)[np.ix_(members, members)] if test == "parametric" else None
        tests.append(LocalTest(members=members, test=test, correlation=known))
    return tests


def _is_dunnett(case: Case) -> bool:
    return "Dunnett" in case.call and "glht" in case.call and {"csv", "control"} <= case.input.keys()


def _dunnett(case: Case) -> JSON:
    """One-way analysis of variance, then each arm against the control."""
    outcome, arm = _columns(case.call)
    levels, n, means, variance, df = _one_way(case.table(), outcome, arm)
    control = levels.index(case.input["control"])
    active = [k for k in range(len(levels)) if k != control]
    estimate = means[active] - means[control]
    se = np.sqrt(variance * (1 / n[active] + 1 / n[control]))
    given = case.input.get("alternative", "two.sided")
    alternative: Any = {"two.sided": "two-sided"}.get(given, given)
    found = stats.dunnett([estimate], [se], n[active], n[control], df, alternative=alternative)
    return {
        "contrasts": [f"{levels[k]} - {levels[control]}" for k in active],
        "est": estimate.tolist(),
        "se": se.tolist(),
        "t": found.statistic[0].tolist(),
        "df": df,
        "p_raw": found.p[0].tolist(),
        "p_single_step": found.p_single_step[0].tolist(),
        "p_step_down": found.p_step_down[0].tolist(),
        "ci": np.column_stack([estimate, found.ci_low[0], found.ci_high[0]]).tolist(),
        # multcomp's value has the sign of the limit that it makes.
        "calpha": float(found.critical[0]) * (-1 if alternative == "greater" else 1),
    }


def _columns(call: str) -> tuple[str, str]:
    """Outcome and arm of ``lm(y~arm)``."""
    formula = call.partition("lm(")[2].partition(")")[0]
    outcome, _, arm = formula.partition("~")
    return outcome.strip(), arm.split(",")[0].strip()


def _one_way(table: Table, outcome: str, arm: str) -> tuple[list[str], Any, Any, float, float]:
    levels, codes, y = table.levels(arm), table.codes(arm), table[outcome]
    n = np.bincount(codes, minlength=len(levels)).astype(float)
    means = np.bincount(codes, y, minlength=len(levels)) / n
    df = float(n.sum() - len(levels))
    return levels, n, means, float(((y - means[codes]) ** 2).sum() / df), df


def _is_critical(case: Case) -> bool:
    return "qmvt" in case.call and {"k", "df", "rho"} <= case.input.keys()


def _critical(case: Case) -> JSON:
    """Quantiles named ``two_sided_05`` (both tails, 0.05) and ``one_sided_025``, for equal correlations."""
    arms, rho = int(case.input["k"]), case.input["rho"]
    found = {}
    for name in case.result:
        side, _, level = name.rpartition("_")
        alternative: Any = "two-sided" if side.startswith("two") else "greater"
        value = stats.dunnett_critical(
            [rho] * arms, 1 - rho, case.input["df"], alternative=alternative, level=1 - float(f"0.{level}")
        )
        found[name] = float(value[0])
    return found


def _closure_of(case: Case) -> str:
    return case.kind if case.kind.startswith("closure_") and {"weights", "transitions"} <= case.input.keys() else ""


RULES: tuple[Rule, ...] = (
    Rule("adjusted p-values", lambda case: case.input.get("method") in P_ADJUST and "p.adjust" in case.call, _adjust),
    Rule("fixed sequence", lambda case: case.kind == "fixed_sequence", _fixed_sequence),
    Rule("step-down Sidak", lambda case: case.kind == "holm_sidak", _step_down_sidak),
    Rule("graph, weighted Bonferroni", lambda case: case.kind == "graph_bonferroni_shortcut", _shortcut),
    Rule("closed graph, parametric", lambda case: _closure_of(case) == "closure_parametric", _closure, SAMPLED_CLOSURE),
    Rule(
        "closed graph, groups of tests, one parametric",
        lambda case: bool(_closure_of(case)) and "parametric" in case.input.get("types", ()),
        _closure,
        SAMPLED_CLOSURE,
    ),
    Rule("closed graph", lambda case: bool(_closure_of(case)), _closure, CLOSURE),
    Rule(
        "Dunnett",
        _is_dunnett,
        _dunnett,
        {
            "p_single_step": DUNNETT_P,
            "p_step_down": DUNNETT_P,
            "ci": DUNNETT_QUANTILE,
            "calpha": DUNNETT_QUANTILE,
        },
    ),
    Rule("Dunnett, critical values", _is_critical, _critical, {"two_sided_05": CRITICAL, "one_sided_025": CRITICAL}),
)
