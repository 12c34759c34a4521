"""Pearson's chi-square of a two-by-two table, and of a table with any number of rows and columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Reason
from pivotal.stats.normal import chi_square_p
from pivotal.stats.tables import TwoArms, divide, first_reason


def pearson_chi_square(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, correction: bool = False
) -> Estimate:
    """Test that two proportions are equal by Pearson's chi-square, with Yates' correction if wanted.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    correction
        Take N/2 from |x1 n0 - x0 n1|, at most what there is of it.

    Returns
    -------
    Estimate
        `statistic` (chi-square), `df` = 1, `p`. NaN, with the reason, for an empty arm, no events or only events.

    Notes
    -----
    N (x1 n0 - x0 n1)² / (n1 n0 m1 m0), m1 and m0 the events and non-events; Pearson (1900),
    doi:10.1080/14786440009463897, Yates (1934), doi:10.2307/2983604. As R `chisq.test` and SAS `PROC FREQ` `CHISQ`. The
    square of `mee`'s statistic, except that `mee` has 0 and p = 1 where there are no events or only events.

    Examples
    --------
    >>> result = pearson_chi_square([49], [134], [7], [65], correction=True)
    >>> float(result.statistic[0].round(6)), float(result.p[0].round(6))
    (13.157616, 0.000286)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    events, total = arms.x1 + arms.x0, arms.total
    apart = np.abs(arms.x1 * arms.n0 - arms.x0 * arms.n1)
    if correction:
        apart = np.maximum(apart - total / 2, 0.0)
    statistic = divide(total * apart**2, arms.n1 * arms.n0 * events * (total - events))
    return Estimate(statistic=statistic, df=np.ones(statistic.shape), p=chi_square_p(statistic), reason=arms.reason())


def chi_square_table(counts: ArrayLike) -> Estimate:
    """Test that rows and columns are independent by Pearson's chi-square, without correction.

    Parameters
    ----------
    counts
        Patients, shape (replicate, row, column): a row an arm, a column a category.

    Returns
    -------
    Estimate
        `statistic`, `df`, `p`, each (replicate,). A row or column without patients takes no part. NaN, with 0 degrees
        of freedom and `Reason.NO_INFORMATION`, where fewer than two rows or columns are left.

    Raises
    ------
    ValueError
        If `counts` has not three axes.

    Notes
    -----
    Σ (n_ij - n_i n_j / N)² / (n_i n_j / N), Pearson (1900), doi:10.1080/14786440009463897. As SAS `PROC FREQ` `CHISQ`,
    which leaves out empty rows and columns too; R `chisq.test(correct = FALSE)` gives NaN there. (N - 1)/N of it is the
    general `cmh_tests` of one stratum.

    Examples
    --------
    >>> test = chi_square_table([[[33, 53], [34, 50], [44, 40]]])
    >>> float(test.statistic[0].round(4)), float(test.p[0].round(4))
    (3.92, 0.1409)
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 3:
        raise ValueError(f"counts has the shape {table.shape}; it must be (replicate, row, column).")
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    expected = divide(rows[:, :, None] * columns[:, None, :], rows.sum(axis=1)[:, None, None])
    terms = np.nan_to_num(divide((table - expected) ** 2, expected))
    df = np.maximum((rows > 0).sum(axis=1) - 1, 0) * np.maximum((columns > 0).sum(axis=1) - 1, 0)
    none = df == 0
    statistic = np.where(none, np.nan, terms.sum(axis=(1, 2)))
    p = np.where(none, np.nan, special.chdtrc(np.maximum(df, 1), np.where(none, 0.0, statistic)))
    return Estimate(
        statistic=statistic, df=df.astype(np.float64), p=p, reason=first_reason((none, Reason.NO_INFORMATION))
    )
