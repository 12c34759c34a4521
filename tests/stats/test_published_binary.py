"""Numbers printed in papers and manuals, to the digits printed."""

import numpy as np
import pytest

from pivotal import stats

# Newcombe (1998), table II, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
NEWCOMBE = [
    ("wald_difference", (56, 70, 48, 80), (0.0575, 0.3425)),
    ("mee", (56, 70, 48, 80), (0.0533, 0.3377)),
    ("miettinen_nurminen", (56, 70, 48, 80), (0.0528, 0.3382)),
    ("newcombe", (56, 70, 48, 80), (0.0524, 0.3339)),
    ("miettinen_nurminen", (5, 56, 0, 29), (-0.0326, 0.1933)),
    ("newcombe", (5, 56, 0, 29), (-0.0381, 0.1926)),
]


@pytest.mark.parametrize(("method", "table", "limits"), NEWCOMBE)
def test_newcombe_table_ii(method, table, limits):
    result = getattr(stats, method)(*([count] for count in table))
    assert result.ci_low.round(4).tolist() == [limits[0]]
    assert result.ci_high.round(4).tolist() == [limits[1]]


def test_tea_tasting():
    """Fisher (1935), The Design of Experiments: three of four cups right, one-sided 17/70."""
    result = stats.fisher_exact([3, 4], [4, 4], [1, 0], [4, 4], alternative="greater")
    assert result.p == pytest.approx([17 / 70, 1 / 70], rel=1e-12)


def test_convictions_of_twins():
    """Fisher (1962), as R's help of fisher.test prints it."""
    result = stats.fisher_exact([2], [12], [15], [18])
    assert float(result.p[0]) == pytest.approx(0.0005367, abs=5e-8)
    assert float(result.estimate[0]) == pytest.approx(0.04693661, abs=1e-5)


def test_berkeley_admissions():
    """R's help of mantelhaen.test on UCBAdmissions: chi-square, odds ratio and limits."""
    men = np.array([[512, 353, 120, 138, 53, 22]])
    men_refused = np.array([[313, 207, 205, 279, 138, 351]])
    women = np.array([[89, 17, 202, 131, 94, 24]])
    women_refused = np.array([[19, 8, 391, 244, 299, 317]])
    tables = (men, men + men_refused, women, women + women_refused)
    corrected = stats.cochran_mantel_haenszel(*tables, correction=True)
    assert corrected.statistic.round(4).tolist() == [1.4269]
    assert corrected.p.round(4).tolist() == [0.2323]
    ratio = stats.mantel_haenszel_odds_ratio(*tables)
    found = [float(number[0]) for number in (ratio.estimate, ratio.ci_low, ratio.ci_high)]
    assert found == pytest.approx([0.9046968, 0.7719074, 1.0603298], abs=5e-8)
