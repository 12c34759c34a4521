"""ANCOVA and LS means against R's lm and emmeans (tests/reference/ancova.json)."""

import numpy as np
import pytest

from pivotal import stats

from .reference import cases, rows
from .tolerances import EXACT

CASES = {case.id.split("/")[0]: case.values for case in cases("ancova", "/ancova")}
FIELDS = (("estimate", "estimate"), ("SE", "se"), ("lower.CL", "ci_low"), ("upper.CL", "ci_high"))
TEST = (("df", "df"), ("t.ratio", "statistic"), ("p.value", "p"))


def dummies(values, levels):
    return np.column_stack([np.array(values) == level for level in levels[1:]]).astype(float)


def numbers(table, name):
    return np.array([float(row[name]) for row in table])


def fitted(y, columns):
    design = np.column_stack([np.ones(y.size), *columns])
    sums = stats.cross_products(y[None], design[None], np.ones((1, y.size), dtype=bool))
    return sums, stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)


def anorexia():
    table = rows("cont_anorexia.csv")
    arms = dummies([row["Treat"] for row in table], ["CBT", "Cont", "FT"])
    sums, fit = fitted(numbers(table, "Postwt"), [arms, numbers(table, "Prewt")])
    return fit, stats.ls_means_rows(sums.means, [1, 2])[0]


def sim1():
    table = rows("cont_sim1_v4.csv")
    arm = dummies([row["arm"] for row in table], ["A_pbo", "B_act"])
    region = dummies([row["region"] for row in table], ["N", "S", "W"])
    sums, fit = fitted(numbers(table, "y"), [arm, numbers(table, "base"), region])
    return fit, stats.ls_means_rows(sums.means, [1], [[3, 4]])[0]


def warpbreaks():
    table = rows("cont_warpbreaks.csv")
    tension = dummies([row["tension"] for row in table], ["L", "M", "H"])
    wool = dummies([row["wool"] for row in table], ["A", "B"])
    _, fit = fitted(np.log(numbers(table, "breaks")), [tension, wool, tension * wool])
    at = np.array([[0, 0], [1, 0], [0, 1]], dtype=float)
    return fit, np.column_stack([np.ones(3), at, np.full(3, 0.5), at / 2])


MODELS = {"anorexia": anorexia, "sim1_v4": sim1, "warpbreaks": warpbreaks}


@pytest.mark.parametrize("name", MODELS)
def test_coefficients(name):
    fit, _ = MODELS[name]()
    expected = CASES[name][1]
    assert float(fit.df[0]) == expected["df"]
    assert float(np.sqrt(fit.sigma2[0])) == pytest.approx(expected["sigma"], rel=EXACT)
    for column, row in enumerate(expected["coef"]):
        result = stats.ancova(fit, np.eye(len(expected["coef"]))[column])
        for key, field in (("est", "estimate"), ("se", "se"), ("t", "statistic"), ("p", "p")):
            assert float(getattr(result, field)[0]) == pytest.approx(row[key], rel=EXACT), (row["name"], field)


@pytest.mark.parametrize("name", MODELS)
def test_ls_means(name):
    fit, at = MODELS[name]()
    result = stats.ls_means(fit, at)
    for arm, row in enumerate(CASES[name][1]["lsmeans"]):
        for key, field in (("emmean", "estimate"), *FIELDS[1:], *TEST):
            assert float(getattr(result, field)[0, arm]) == pytest.approx(row[key], rel=EXACT), (arm, field)


@pytest.mark.parametrize("name", MODELS)
def test_contrasts(name):
    fit, at = MODELS[name]()
    pairs = [(1, 0), (2, 0), (2, 1)][: len(CASES[name][1]["contrasts"])]
    for (one, other), row in zip(pairs, CASES[name][1]["contrasts"], strict=True):
        result = stats.ancova(fit, at[one] - at[other])
        for key, field in (*FIELDS, *TEST):
            assert float(getattr(result, field)[0]) == pytest.approx(row[key], rel=EXACT), (row["contrast"], field)
