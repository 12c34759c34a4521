"""Rates, risk differences, Cochran-Mantel-Haenszel and Fisher against R (tests/reference/binary.json)."""

import numpy as np
import pytest

from pivotal import stats

from .reference import cases, number, strata
from .tolerances import ESTIMATE, EXACT, PRINTED, SCORE_LIMIT


def counts(given):
    return [np.array([given[name]]) for name in ("x1", "n1", "x0", "n0")]


def near(found, expected, relative, absolute=1e-13):
    assert float(found[0]) == pytest.approx(number(expected), rel=relative, abs=absolute)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "single_1") + cases("binary", "single_2"))
def test_one_proportion(given, expected):
    for method in ("clopper_pearson", "wilson"):
        result = getattr(stats, method)([given["x"]], [given["n"]], given["level"])
        near(result.estimate, expected["estimate"], PRINTED)
        near(result.ci_low, expected[method][0], PRINTED)
        near(result.ci_high, expected[method][1], PRINTED)
        assert not result.reason.any()


@pytest.mark.parametrize(("given", "expected"), cases("binary", "rd_wald"))
def test_wald_difference(given, expected):
    result = stats.wald_difference(*counts(given), given["level"])
    near(result.estimate, expected["estimate"], PRINTED)
    near(result.se, expected["se"], PRINTED)
    near(result.ci_low, expected["lower"], PRINTED)
    near(result.ci_high, expected["upper"], PRINTED)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "rd_newcombe"))
def test_newcombe(given, expected):
    result = stats.newcombe(*counts(given), given["level"])
    near(result.estimate, expected["estimate"], PRINTED)
    near(result.ci_low, expected["lower"], PRINTED)
    near(result.ci_high, expected["upper"], PRINTED)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "rd_mn"))
@pytest.mark.parametrize(("method", "name"), [("miettinen_nurminen", "MN"), ("mee", "Mee")])
def test_score_limits(method, name, given, expected):
    result = getattr(stats, method)(*counts(given), given["level"])
    near(result.ci_low, expected[name]["lower"], 0, SCORE_LIMIT)
    near(result.ci_high, expected[name]["upper"], 0, SCORE_LIMIT)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "rd_mn"))
def test_miettinen_nurminen_test(given, expected):
    result = stats.miettinen_nurminen(*counts(given), given["level"])
    near(result.statistic**2, expected["MN_test_at_0"]["chisq"], ESTIMATE)
    near(result.p, expected["MN_test_at_0"]["pval2sided"], ESTIMATE)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "chisq"))
def test_mee_is_pearson(given, expected):
    result = stats.mee(*counts(given), given["level"])
    near(result.statistic**2, expected["pearson"]["statistic"], PRINTED)
    near(result.p, expected["pearson"]["p"], PRINTED)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "fisher"))
def test_fisher(given, expected):
    result = stats.fisher_exact(*counts(given), given["level"])
    near(result.p, expected["p_two_sided"], EXACT)
    near(result.estimate, expected["or_cmle"], EXACT)
    near(result.ci_low, expected["or_lower"], EXACT)
    near(result.ci_high, expected["or_upper"], EXACT)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "fisher"))
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_fisher_one_sided(alternative, given, expected):
    result = stats.fisher_exact(*counts(given), alternative=alternative)
    near(result.p, expected[f"p_{alternative}"], EXACT)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "fisher_methods"))
@pytest.mark.parametrize("rule", ["minlike", "central"])
def test_fisher_rules(rule, given, expected):
    result = stats.fisher_exact(*counts(given), given["level"], rule=rule)
    near(result.p, expected[rule]["p"], EXACT)
    near(result.ci_low, expected["central"]["or_lower"], EXACT)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/cmh"))
def test_cochran_mantel_haenszel(given, expected):
    table = strata(given["csv"])
    plain = stats.cochran_mantel_haenszel(*table)
    near(plain.statistic, expected["statistic"], PRINTED)
    near(plain.p, expected["p"], PRINTED)
    corrected = stats.cochran_mantel_haenszel(*table, correction=True)
    near(corrected.statistic, expected["statistic_cc"], PRINTED)
    near(corrected.p, expected["p_cc"], PRINTED)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/cmh"))
def test_common_odds_ratio(given, expected):
    result = stats.mantel_haenszel_odds_ratio(*strata(given["csv"]), given["level"])
    near(result.estimate, expected["or_mh"], PRINTED)
    near(result.ci_low, expected["or_lower"], PRINTED)
    near(result.ci_high, expected["or_upper"], PRINTED)


@pytest.mark.parametrize(("given", "expected"), cases("binary", "/mh_rd_rr"))
@pytest.mark.parametrize(("variance", "name"), [("sato", "sato"), ("greenland-robins", "gr")])
def test_common_risk_difference(variance, name, given, expected):
    result = stats.mantel_haenszel(*strata(given["csv"]), given["level"], variance=variance)
    near(result.estimate, expected["rd"], PRINTED)
    near(result.se, expected[f"se_{name}"], PRINTED)
    near(result.ci_low, expected[name][0], PRINTED)
    near(result.ci_high, expected[name][1], PRINTED)
