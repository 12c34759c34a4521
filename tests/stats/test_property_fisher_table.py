"""The exact test of tables with several rows and columns: by enumeration, beside the 2x2 test; degenerate input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from pivotal.stats import chi_square_table, cmh_tests, fisher_exact, fisher_exact_table
from pivotal.stats.estimate import Reason

SEED = 20_251


def enumerated(table: np.ndarray) -> float:
    """The definition, table by table."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)

    def weight(cells: np.ndarray) -> float:
        return -sum(math.lgamma(x + 1) for x in cells.ravel())

    def fill(left: tuple[int, ...], column: int) -> list[list[tuple[int, ...]]]:
        if column == len(columns):
            return [[]]
        found = []
        for cells in itertools.product(*(range(min(int(n), int(columns[column])) + 1) for n in left)):
            if sum(cells) == columns[column]:
                rest = tuple(int(n) - x for n, x in zip(left, cells, strict=True))
                found += [[cells, *more] for more in fill(rest, column + 1)]
        return found

    weights = np.array([weight(np.array(each).T) for each in fill(tuple(rows.astype(int)), 0)])
    share = np.exp(weights - weights.max())
    return float(share[weights <= weight(table) + 1e-9].sum() / share.sum())


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 3), (2, 5), (4, 2)])
def test_is_the_sum_over_all_tables(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(SEED)
    tables = rng.integers(0, 4, size=(6, *shape)).astype(float)
    tables += (tables.sum(axis=2, keepdims=True) == 0) + (tables.sum(axis=1, keepdims=True) == 0)
    found = fisher_exact_table(tables)
    assert found.p is not None
    np.testing.assert_allclose(found.p, [enumerated(table) for table in tables], rtol=1e-9)


def test_two_by_two_is_the_other_test() -> None:
    rng = np.random.default_rng(SEED)
    n1, n0 = rng.integers(5, 90, size=40), rng.integers(5, 90, size=40)
    x1, x0 = rng.binomial(n1, 0.3), rng.binomial(n0, 0.4)
    table = np.stack([np.stack([x1, n1 - x1], axis=1), np.stack([x0, n0 - x0], axis=1)], axis=1)
    np.testing.assert_allclose(fisher_exact_table(table).p, fisher_exact(x1, n1, x0, n0).p, rtol=1e-9)


def test_order_of_rows_and_columns_and_turning_do_not_matter() -> None:
    rng = np.random.default_rng(SEED)
    table = rng.integers(0, 7, size=(1, 3, 4)).astype(float)
    p = fisher_exact_table(table).p
    for other in (table[:, ::-1], table[:, :, [2, 0, 3, 1]], np.swapaxes(table, 1, 2)):
        np.testing.assert_allclose(fisher_exact_table(other).p, p, rtol=1e-9)


def test_an_empty_row_or_column_changes_nothing() -> None:
    table = np.array([[[3.0, 1.0, 4.0], [1.0, 5.0, 0.0]]])
    wide = np.concatenate([table, np.zeros((1, 2, 1))], axis=2)
    tall = np.concatenate([wide, np.zeros((1, 1, 4))], axis=1)
    for test in (fisher_exact_table, chi_square_table):
        np.testing.assert_allclose(test(tall).p, test(table).p, rtol=1e-12)


def test_degenerate_tables_have_a_reason() -> None:
    tables = np.array([[[3.0, 0.0], [4.0, 0.0]], [[3.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    assert fisher_exact_table(tables).p.tolist() == [1.0, 1.0, 1.0]
    assert set(fisher_exact_table(tables).reason) == {Reason.NO_INFORMATION}
    chi = chi_square_table(tables)
    assert np.isnan(chi.p).all()
    assert set(chi.reason) == {Reason.NO_INFORMATION}


def test_what_is_too_large_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pivotal.stats.fisher_table.MOST_PATHS", 10)
    found = fisher_exact_table([[[30.0, 20.0, 25.0], [25.0, 30.0, 20.0], [20.0, 25.0, 30.0]]])
    assert np.isnan(found.p[0])
    assert found.reason[0] == Reason.TABLE_TOO_LARGE


def test_chi_square_is_scipys_and_the_general_association_of_one_stratum() -> None:
    rng = np.random.default_rng(SEED)
    tables = rng.integers(1, 40, size=(20, 3, 4)).astype(float)
    found = chi_square_table(tables)
    theirs = [chi2_contingency(table, correction=False) for table in tables]
    np.testing.assert_allclose(found.statistic, [each.statistic for each in theirs], rtol=1e-12)
    np.testing.assert_allclose(found.p, [each.pvalue for each in theirs], rtol=1e-10)
    n = tables.sum(axis=(1, 2))
    np.testing.assert_allclose(cmh_tests(tables[:, None]).general.statistic, found.statistic * (n - 1) / n, rtol=1e-9)
