"""Wilcoxon's rank-sum and signed-rank tests with Hodges-Lehmann limits, van Elteren's test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import hodges_lehmann, rank_sum, signed_rank, van_elteren
from pivotal.stats.estimate import Estimate
from pivotal.stats.hodges_lehmann import Limits
from pivotal.validate.case import Case
from pivotal.validate.rule import Rule, Tolerance

AT_A_JUMP = Tolerance(
    1e-6,
    1e-9,
    why="R's asymptotic limits are roots of a step function found to tol.root; ours are the differences it jumps at",
)
CROSSINGS: dict[str, tuple[bool, Limits]] = {"normal": (False, "inverted"), "normal_cc": (True, "inverted-corrected")}


def run_wilcoxon(case: Case) -> dict[str, Any]:
    """``wilcox.test(active, control, conf.int = TRUE)``, exact and asymptotic."""
    y, active = _stacked(case)
    level = float(case.input.get("level", 0.95))
    w = _first(rank_sum(y, active, method="exact").statistic)
    found: dict[str, Any] = {}
    for key, (correction, limits) in CROSSINGS.items():
        test, shift = rank_sum(y, active, correction=correction), hodges_lehmann(y, active, limits=limits, level=level)
        found[key] = {"W": w, "p": _first(test.p)} | _shift(shift)
    shift = hodges_lehmann(y, active, level=level)
    found["exact"] = {"W": w, "p": _first(rank_sum(y, active, method="exact").p)} | _shift(shift)
    found["hodges_lehmann_median"] = _first(shift.estimate)
    return found


def run_signed_rank(case: Case) -> dict[str, Any]:
    """``wilcox.test(differences)``, exact and asymptotic."""
    differences = np.array([case.input["differences"]], dtype=np.float64)
    exact = signed_rank(differences, method="exact")
    v = _first(exact.statistic)
    return {
        "normal": {"V": v, "p": _first(signed_rank(differences, correction=False).p)},
        "normal_cc": {"V": v, "p": _first(signed_rank(differences).p)},
        "exact": {"V": v, "p": _first(exact.p)},
    }


def run_van_elteren(case: Case) -> dict[str, Any]:
    """Wilcoxon's test within strata, combined."""
    names = {role: str(case.input.get(role, default)) for role, default in ROLES.items()}
    table = case.table()
    test = van_elteren(table[names["outcome"]][None], table.codes(names["arm"]) == 1, table.codes(names["stratum"]))
    z = _first(test.statistic)
    return {
        "z": z,
        "chisq": z * z,
        "p": _first(test.p),
        "numerator": _first(test.estimate),
        "variance": _first(test.se) ** 2,
    }


ROLES = {"outcome": "y", "arm": "trt", "stratum": "st"}
"""Columns of a van Elteren case where its input does not name them."""


def _stacked(case: Case) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    one, other = case.input["active"], case.input["control"]
    return np.array([[*one, *other]], dtype=np.float64), np.arange(len(one) + len(other)) < len(one)


def _shift(interval: Estimate) -> dict[str, float]:
    limits = {"lower": _first(interval.ci_low), "upper": _first(interval.ci_high)}
    return {"estimate": _first(interval.estimate)} | limits


def _first(values: NDArray[np.float64] | None) -> float:
    assert values is not None
    return float(values[0])


RULES = (
    Rule(
        "Wilcoxon rank-sum test, Hodges-Lehmann",
        lambda case: case.call.startswith("wilcox.test(") and {"active", "control"} <= case.input.keys(),
        run_wilcoxon,
        tolerances={f"{key}.{name}": AT_A_JUMP for key in CROSSINGS for name in ("estimate", "lower", "upper")},
    ),
    Rule(
        "Wilcoxon signed-rank test",
        lambda case: case.call.startswith("wilcox.test(") and "differences" in case.input,
        run_signed_rank,
    ),
    Rule("van Elteren test", lambda case: "van_elteren" in case.parts, run_van_elteren),
)
