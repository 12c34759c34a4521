"""Binary outcomes: rates, two-by-two tables, strata, logistic regression, paired answers, risk ratios."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.stats.conditional import Rule as TwoSided
from pivotal.stats.estimate import Estimate
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import Design, design, sides
from pivotal.validate.rule import Rule, Tolerance

Floats = NDArray[np.float64]
Arms = tuple[Floats, Floats, Floats, Floats]

INTERPOLATED = Tolerance(
    3e-4,
    why="MASS:::confint interpolates the profile: up to 2.5e-4 off where data are sparse; the limits themselves are "
    "held to 1e-6 by the cases that solve for them",
)
PROPCIS = Tolerance(1e-6, 1e-6, why="PropCIs::diffscoreci stops its search at about 1e-7 of the difference")


def run_chi_square(case: Case) -> dict[str, Any]:
    """``chisq.test(m, correct = FALSE)`` and TRUE."""
    tests = {name: stats.pearson_chi_square(*_arms(case), correction=name == "yates") for name in ("pearson", "yates")}
    return {name: {"statistic": _first(test.statistic), "p": _first(test.p)} for name, test in tests.items()}


def run_fisher(case: Case) -> dict[str, Any]:
    """``fisher.test(m)``, two-sided and one-sided."""
    two_sided = stats.fisher_exact(*_arms(case), _level(case))
    return {
        "p_two_sided": _first(two_sided.p),
        "p_greater": _first(stats.fisher_exact(*_arms(case), alternative="greater").p),
        "p_less": _first(stats.fisher_exact(*_arms(case), alternative="less").p),
        "or_cmle": _first(two_sided.estimate),
    } | _limits(two_sided, "or_lower", "or_upper")


def run_fisher_rules(case: Case) -> dict[str, Any]:
    """``exact2x2(m, tsmethod = ...)``: p and the limits of the same rule."""
    found = {}
    for name, rule in FISHER_RULES.items():
        test = stats.fisher_exact(*_arms(case), _level(case), rule=rule, limits="rule")
        found[name] = {"p": _first(test.p)} | _limits(test, "or_lower", "or_upper")
    return found


FISHER_RULES: dict[str, TwoSided] = {
    "central": "central",
    "minlike": "minlike",
    "blaker": "blaker",
    "midp_central": "mid-p",
}


def run_rate(case: Case) -> dict[str, Any]:
    """``binom.test`` against one half and ``prop.test`` with and without correction."""
    x, n, level = _column(case.input["x"]), _column(case.input["n"]), _level(case)
    exact = stats.binomial_test(x, n, 0.5, level)
    corrected = stats.wilson(x, n, level, correction=np.minimum(0.5, np.abs(x - n / 2)))
    return {
        "estimate": _first(exact.estimate),
        "clopper_pearson": _pair(exact),
        "wilson": _pair(stats.wilson(x, n, level)),
        "wilson_cc": _pair(corrected),
        "binom_test_p_half": _first(exact.p),
    }


def run_wald_difference(case: Case) -> dict[str, Any]:
    """The difference with its unpooled standard error."""
    result = stats.wald_difference(*_arms(case), _level(case))
    return {"estimate": _first(result.estimate), "se": _first(result.se)} | _limits(result, "lower", "upper")


def run_newcombe(case: Case) -> dict[str, Any]:
    """Newcombe's tenth method, and the Wilson limits it is made of."""
    x1, n1, x0, n0 = _arms(case)
    result = stats.newcombe(x1, n1, x0, n0, _level(case))
    wilson = {"wilson1": (x1, n1), "wilson0": (x0, n0)}
    limits = {name: _pair(stats.wilson(*arm, _level(case))) for name, arm in wilson.items()}
    return {"estimate": _first(result.estimate)} | _limits(result, "lower", "upper") | limits


def run_score(case: Case) -> dict[str, Any]:
    """``ratesci::scoreci`` of one table: the result's keys say which."""
    found: dict[str, Any] = {}
    for key in case.result:
        if key == "MN_test_at_0":
            test = stats.score_interval(*_arms(case))
            z = _first(test.statistic)
            found[key] = {"chisq": z * z, "pval2sided": _first(test.p), "theta0": 0.0, "scorenull": z}
        elif key == "PropCIs_diffscoreci":
            found[key] = _pair(stats.miettinen_nurminen(*_arms(case), _level(case)))
        else:
            options = _score_options(key, case.call)
            options.pop("weights")
            found[key] = _limits(stats.score_interval(*_arms(case), _level(case), **options), "lower", "upper")
    return found


def run_stratified_score(case: Case) -> dict[str, Any]:
    """``ratesci::scoreci(stratified = TRUE)``: the result's keys say which."""
    found = {}
    for key in case.result:
        result = stats.stratified_score_interval(*_strata(case), _level(case), **_score_options(key, case.call))
        found[key] = {"est": _first(result.estimate)} | _limits(result, "lower", "upper")
    return found


CONTRASTS = {"RD": "difference", "RR": "ratio", "OR": "odds ratio"}
WEIGHTS = {"MH": "mantel-haenszel", "IVS": "inverse-variance", "MN": "miettinen-nurminen"}


def _score_options(key: str, call: str) -> dict[str, Any]:
    """``RR_MH_skew``: contrast, weights, corrections; ratesci corrects the odds ratio's bias unless told not to."""
    parts = key.split("_")
    contrast = next((CONTRASTS[part] for part in parts if part in CONTRASTS), "difference")
    weights = next((WEIGHTS[part] for part in parts[1:] if part in WEIGHTS), "mantel-haenszel")
    return {
        "contrast": contrast,
        "weights": weights if contrast == "difference" or weights != "miettinen-nurminen" else "mantel-haenszel",
        "skewness": bool({"skew", "SCAS"} & set(parts)),
        "inflated": not {"Mee", "Koopman"} & set(parts),
        "unbiased": contrast == "odds ratio" and not re.search(r"ORbias\s*=\s*F", call),
    }


def run_cmh(case: Case) -> dict[str, Any]:
    """``mantelhaen.test``, asymptotic and exact."""
    strata, level = _strata(case), _level(case)
    plain = stats.cochran_mantel_haenszel(*strata)
    corrected = stats.cochran_mantel_haenszel(*strata, correction=True)
    odds = stats.mantel_haenszel_odds_ratio(*strata, level)
    exact = stats.exact_common_odds_ratio(*strata, level)
    return {
        "statistic": _first(plain.statistic),
        "p": _first(plain.p),
        "statistic_cc": _first(corrected.statistic),
        "p_cc": _first(corrected.p),
        "or_mh": _first(odds.estimate),
        "exact_p": _first(exact.p),
        "exact_p_greater": _first(stats.exact_common_odds_ratio(*strata, alternative="greater").p),
        "exact_p_less": _first(stats.exact_common_odds_ratio(*strata, alternative="less").p),
        "exact_p_twice_smaller_tail": _first(stats.exact_common_odds_ratio(*strata, rule="central").p),
        "exact_or_cmle": _first(exact.estimate),
    } | (_limits(odds, "or_lower", "or_upper") | _limits(exact, "exact_or_lower", "exact_or_upper"))


def run_mantel_haenszel(case: Case) -> dict[str, Any]:
    """Common risk difference with three variances, and risk ratio."""
    strata, level = _strata(case), _level(case)
    sato = stats.mantel_haenszel(*strata, level)
    robins = stats.mantel_haenszel(*strata, level, variance="greenland-robins")
    klingenberg = stats.klingenberg(*strata, level)
    ratio = stats.mantel_haenszel_risk_ratio(*strata, level)
    return {
        "rd": _first(sato.estimate),
        "se_gr": _first(robins.se),
        "gr": _pair(robins),
        "se_sato": _first(sato.se),
        "sato": _pair(sato),
        "klingenberg": _pair(klingenberg),
        "klingenberg_mid": sum(_pair(klingenberg)) / 2,
        "rr": _first(ratio.estimate),
        "se_log_rr": _first(ratio.se),
        "rr_ci": _pair(ratio),
    }


def run_logistic(case: Case) -> dict[str, Any]:
    """``glm(y ~ ..., binomial)``: coefficients, and of the first term Wald, profile and likelihood ratio."""
    events, totals, model = _regression(case)
    fit = stats.fit_logistic(events, totals, model.matrix)
    columns = [stats.wald(fit, column) for column in range(len(model.names))]
    arm, profile = stats.wald(fit, 1, _level(case)), stats.logistic_lr(events, totals, model.matrix, 1, _level(case))
    return {
        "coefficients": {str(j + 1): _coefficient(each) for j, each in enumerate(columns)},
        "names": _names(model, case),
        "or": float(np.exp(_first(arm.estimate))),
        "or_wald": [float(value) for value in np.exp(_pair(arm))],
        "or_profile": [float(value) for value in np.exp(_pair(profile))],
        "logor_profile": _pair(profile),
        "lrt": _first(profile.statistic),
        "lrt_p": _first(profile.p),
        "loglik": float(fit.loglik[0]),
        "deviance": -2 * float(fit.loglik[0]),
    }


def run_profile(case: Case) -> dict[str, Any]:
    """Likelihood-ratio limits of the first term."""
    events, totals, model = _regression(case)
    result = stats.logistic_lr(events, totals, model.matrix, 1, _level(case))
    return {"est": _first(result.estimate)} | _limits(result, "lower", "upper")


def run_standardised(case: Case) -> dict[str, Any]:
    """Risks standardised from the logistic model, with the delta method."""
    events, totals, model = _regression(case)
    active, control = (_with_arm(case, model, arm) for arm in (1.0, 0.0))
    risks = stats.marginal_risks(events, totals, model.matrix, active, control, _level(case))
    return {
        "risk1": _first(risks.active.estimate),
        "risk0": _first(risks.control.estimate),
        "rd": _first(risks.difference.estimate),
        "se_delta_model": _first(risks.difference.se),
        "rr": _first(risks.ratio.estimate),
        "or": _first(risks.odds_ratio.estimate),
    }


def _with_arm(case: Case, model: Design, arm: float) -> Floats:
    """The design with everyone in one arm: the formula's first variable set."""
    table = _table(case)
    name = model.terms[1][0]
    levels = np.unique(table[name])
    chosen = levels[-1] if arm else levels[0]
    columns = dict(table.columns)
    columns[name] = np.full_like(table[name], chosen)
    # both levels must be there for a factor to have its columns
    both = Table({key: np.concatenate([table[key], values]) for key, values in columns.items()})
    return design(both, _formula(case)).matrix[table.rows :]


def run_firth(case: Case) -> dict[str, Any]:
    """``logistf``: estimates, profile penalised limits and tests; log likelihoods of the whole and the null model."""
    events, totals, model = _regression(case)
    size, level = len(model.names), _level(case)
    each = [stats.firth(events, totals, model.matrix, j, level, augmented=True) for j in range(size)]
    fit = stats.fit_firth(events, totals, model.matrix)
    null = stats.firth_lr_test(events, totals, model.matrix, list(range(1, size)))
    whole = float(fit.loglik[0])
    fields = {"est": "estimate", "se": "se", "lower": "ci_low", "upper": "ci_high", "p": "p"}
    found = {key: [_first(getattr(result, name)) for result in each] for key, name in fields.items()}
    return {
        "names": _names(model, case),
        "penalised_loglik": [whole, whole - _first(null.statistic) / 2],
        **found,
    }


def run_mcnemar(case: Case) -> dict[str, Any]:
    """``mcnemar.test``, its exact and mid-p versions, and the paired difference."""
    a, b, c, d = (_column(case.input[name]) for name in ("both", "only_first", "only_second", "neither"))
    plain = stats.mcnemar(a, b, c, d, _level(case))
    corrected = stats.mcnemar(a, b, c, d, method="corrected")
    return {
        "chisq": _first(plain.statistic),
        "p": _first(plain.p),
        "chisq_cc": _first(corrected.statistic),
        "p_cc": _first(corrected.p),
        "p_exact": _first(stats.mcnemar(a, b, c, d, method="exact").p),
        "p_midp": _first(stats.mcnemar(a, b, c, d, method="mid-p").p),
        "diff": _first(plain.estimate),
        "se": _first(plain.se),
        "ci": _pair(plain),
    }


def run_breslow_day(case: Case) -> dict[str, Any]:
    """Breslow and Day's test, with Tarone's correction."""
    found = stats.breslow_day(*_arms(case))
    return {
        "or_mh": float(found.odds_ratio[0]),
        "expected": found.expected[0],
        "var": found.variance[0],
        "bd": _first(found.breslow_day.statistic),
        "p_bd": _first(found.breslow_day.p),
        "tarone": _first(found.tarone.statistic),
        "p_tarone": _first(found.tarone.p),
        "df": _first(found.tarone.df),
    }


def run_modified_poisson(case: Case) -> dict[str, Any]:
    """``glm(y ~ ..., poisson)`` with the sandwich variances HC0 and HC1."""
    table = case.table()
    left, right = sides(_call_formula(case.call))
    model, y = design(table, right), table[left]
    seen = ~(np.isnan(y) | np.isnan(model.matrix).any(axis=1))
    events, totals = np.where(seen, y, 0.0)[None], seen.astype(np.float64)[None]
    fit = stats.fit_modified_poisson(events, totals, np.nan_to_num(model.matrix))
    size, level = len(model.names), _level(case)
    robust = [stats.modified_poisson(fit, j, level) for j in range(size)]
    hc1 = [stats.modified_poisson(fit, j, level, small_sample=True) for j in range(size)]
    rows = [
        {"name": name, **_coefficient(each), **_limits(each, "lower", "upper")}
        for name, each in zip(_names(model, case), robust, strict=True)
    ]
    return {
        "coef": rows,
        "se_model": np.sqrt(np.diagonal(fit.model_covariance[0])),
        "se_hc1": [_first(each.se) for each in hc1],
        "rr": float(np.exp(_first(robust[1].estimate))),
        "rr_ci": [float(value) for value in np.exp(_pair(robust[1]))],
    }


def _level(case: Case) -> float:
    return float(case.input.get("level", 0.95))


def _column(value: Any) -> Floats:
    return np.array([value], dtype=np.float64)


def _arms(case: Case) -> Arms:
    x1, n1, x0, n0 = (_column(case.input[name]) for name in ("x1", "n1", "x0", "n0"))
    return x1, n1, x0, n0


def _roles(case: Case) -> list[str]:
    """The columns of stratum, arm, responders, patients: ``stratum, trt (1 active / 0 control), x responders, n``."""
    named = case.input.get("columns", "stratum, trt, x, n")
    return [part.split()[0] for part in named.split(",")]


def _strata(case: Case) -> Arms:
    """Counts of both arms by stratum, (1, stratum); 0 where a stratum lacks an arm."""
    table = case.table()
    stratum, arm, responders, patients = _roles(case)
    codes, active = table.codes(stratum), table[arm] == 1
    found = []
    for chosen in (active, ~active):
        for name in (responders, patients):
            sums = np.bincount(codes[chosen], table[name][chosen], minlength=codes.max() + 1)
            found.append(np.asarray(sums[None], dtype=np.float64))
    x1, n1, x0, n0 = found
    return x1, n1, x0, n0


@dataclass(frozen=True)
class _Ordered(Table):
    """A table some of whose factors have their levels in another order than the alphabet's."""

    order: dict[str, list[str]] = field(default_factory=dict)

    def levels(self, name: str) -> list[str]:
        return self.order.get(name) or Table.levels(self, name)


def _table(case: Case) -> Table:
    """The case's table, a factor's first level the one that the coefficients' names lack, the others in their order."""
    table = case.table()
    printed = [re.sub(r"(?:as\.)?factor\(([^)]*)\)", r"\1", name) for name in case.result.get("names", [])]
    order = {}
    for name, values in table.columns.items():
        levels = [] if values.dtype.kind == "f" else table.levels(name)
        named = [text[len(name) :] for text in printed if text.startswith(name) and text[len(name) :] in levels]
        if named and len(named) == len(levels) - 1:
            order[name] = [level for level in levels if level not in named] + named
    return _Ordered(table.columns, order)


def _call_formula(call: str) -> str:
    found = re.search(r"\(\s*([^,()~]+~(?:[^,()]|\([^()]*\))+)", call)
    return found.group(1) if found else ""


def _formula(case: Case) -> str:
    """The model's right side: the call's, or arm and strata."""
    _, right = sides(_call_formula(case.call))
    stratum, arm, *_ = _roles(case)
    named = [word for word in re.findall(r"[A-Za-z_.][\w.]*", right) if word not in ("factor", "as", "offset")]
    return right if named and all(word in case.table() for word in named) else f"{arm} + factor({stratum})"


def _regression(case: Case) -> tuple[Floats, Floats, Design]:
    """Events, patients (1, row) and design: rows are cells with counts, or patients whose outcome is the left side."""
    table = _table(case)
    model = design(table, _formula(case))
    left, _ = sides(_call_formula(case.call))
    if left in table and "columns" not in case.input:
        seen = ~np.isnan(table[left])
        return np.where(seen, table[left], 0.0)[None], seen.astype(np.float64)[None], model
    responders, patients = _roles(case)[2:4]
    return table[responders][None], table[patients][None], model


def _names(model: Design, case: Case) -> list[str]:
    """As R prints them; without ``factor()`` where the result was printed from columns that were factors already."""
    expected = str(case.result.get("names", case.result.get("coef", "")))
    if "factor(" in expected:
        return list(model.names)
    return [re.sub(r"(?:as\.)?factor\(([^)]*)\)", r"\1", name) for name in model.names]


def _coefficient(result: Estimate) -> dict[str, float]:
    fields = {"est": result.estimate, "se": result.se, "z": result.statistic, "p": result.p}
    return {name: _first(value) for name, value in fields.items()}


def _first(values: NDArray[Any] | None) -> float:
    assert values is not None
    return float(values[0])


def _pair(result: Estimate) -> list[float]:
    return [_first(result.ci_low), _first(result.ci_high)]


def _limits(result: Estimate, low: str, high: str) -> dict[str, float]:
    return dict(zip((low, high), _pair(result), strict=True))


def _kind(*names: str) -> Any:
    return lambda case: case.kind in names


RULES = (
    Rule("chi-square test", _kind("chisq"), run_chi_square),
    Rule("Fisher's exact test", _kind("fisher"), run_fisher),
    Rule("Fisher's exact test, two-sided rules with their limits", _kind("fisher_methods"), run_fisher_rules),
    Rule("one proportion", lambda case: re.fullmatch(r"single(_\d+)?", case.kind) is not None, run_rate),
    Rule("risk difference, Wald", _kind("rd_wald"), run_wald_difference),
    Rule("risk difference, Newcombe", _kind("rd_newcombe"), run_newcombe),
    Rule("score intervals", _kind("rd_mn"), run_score, tolerances={"PropCIs_diffscoreci": PROPCIS}),
    Rule("stratified score intervals", _kind("strat_mn"), run_stratified_score),
    Rule("Cochran-Mantel-Haenszel", _kind("cmh"), run_cmh),
    Rule("Mantel-Haenszel risk difference and risk ratio", _kind("mh_rd_rr"), run_mantel_haenszel),
    Rule(
        "logistic regression",
        _kind("logistic"),
        run_logistic,
        tolerances={"or_profile": INTERPOLATED, "logor_profile": INTERPOLATED},
    ),
    Rule("logistic regression, profile likelihood", _kind("logistic_profile_root"), run_profile),
    Rule("logistic regression, standardised risks", _kind("logistic_gcomp"), run_standardised),
    Rule("Firth's logistic regression", _kind("firth"), run_firth),
    Rule("McNemar", lambda case: case.parts[0] == "mcnemar", run_mcnemar),
    Rule("Breslow-Day and Tarone", lambda case: case.parts[0] == "breslow_day", run_breslow_day),
    Rule("modified Poisson regression", lambda case: case.parts[0] == "modified_poisson", run_modified_poisson),
)
