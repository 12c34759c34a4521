"""Fisher's exact test of a table with any number of rows and columns, by columns with bounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason

# Tables whose probability is within this share of the observed one are as probable: they differ by rounding alone.
AS_PROBABLE = 1e-7

# Log-weights of partial tables that agree to this many decimals are one path.
MERGED = 10

# Paths (partial tables) that are followed for one table; some hundred megabytes and seconds.
MOST_PATHS = 4_000_000


def fisher_exact_table(counts: ArrayLike) -> Estimate:
    """Test that rows and columns are independent, exactly, given the margins.

    Parameters
    ----------
    counts
        Whole numbers of patients, shape (replicate, row, column): a row an arm, a column a category.

    Returns
    -------
    Estimate
        `p`, (replicate,): the probability of all tables with these margins that are at most as probable as the observed
        one. 1 with `Reason.NO_INFORMATION` where fewer than two rows or columns have patients; NaN with
        `Reason.TABLE_TOO_LARGE` where more than `MOST_PATHS` partial tables would have to be followed.

    Raises
    ------
    ValueError
        If `counts` has not three axes.

    Notes
    -----
    Freeman and Halton (1951), doi:10.1093/biomet/38.1-2.141. Columns are filled one after the other; partial tables
    that leave the same row totals (in any order) and have the same weight are one path, and a path ends as soon as all
    its tables count, or none can, by bounds on what is left (the idea of Mehta and Patel 1983,
    doi:10.1080/01621459.1983.10477989, with simpler bounds). As SAS `PROC FREQ` `EXACT FISHER` and R `fisher.test`. In
    2x2 tables as `fisher_exact`.

    Examples
    --------
    >>> float(fisher_exact_table([[[3, 83], [0, 84], [1, 83]]]).p[0].round(4))
    0.3281
    """
    tables = np.asarray(counts, dtype=np.float64)
    if tables.ndim != 3:
        raise ValueError(f"counts has the shape {tables.shape}; it must be (replicate, row, column).")
    distinct, place = np.unique(tables, axis=0, return_inverse=True)
    found = [_p(table) for table in distinct]
    p = np.array([each[0] for each in found], dtype=np.float64)
    reason = np.array([each[1] for each in found], dtype=np.uint8)
    place = place.reshape(-1)
    return Estimate(p=p[place], reason=reason[place])


def _p(table: Floats) -> tuple[float, Reason]:
    full = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(full.shape, default=0) < 2:
        return 1.0, Reason.NO_INFORMATION
    rows = full if full.shape[0] <= full.shape[1] else full.T
    rows = rows[:, np.argsort(-rows.sum(axis=0))]  # the widest columns first: few are left to branch
    limit = -float(special.gammaln(rows + 1).sum()) + AS_PROBABLE
    total = _summed(rows.sum(axis=1), rows.sum(axis=0), limit)
    if total is None:
        return float("nan"), Reason.TABLE_TOO_LARGE
    return min(1.0, float(np.exp(total - _all_log(rows.sum(axis=1), rows.sum(axis=0))))), Reason.NONE


def _all_log(row: Floats, column: Floats) -> float:
    """Log of the sum of all tables' weights 1/Π x! given the margins: N! / (Π r! Π c!)."""
    sums = special.gammaln(row + 1).sum() + special.gammaln(column + 1).sum()
    return float(special.gammaln(row.sum() + 1) - sums)


def _summed(row: Floats, column: Floats, limit: float) -> float | None:
    """Log of the sum of weights of the tables whose log-weight is at most `limit`; None where there are too many."""
    counted: list[Floats] = []
    paths: dict[tuple[int, ...], tuple[Floats, Floats]] = {_node(row): (np.zeros(1), np.zeros(1))}  # (weight, number)
    followed = 0
    for position, size in enumerate(column):
        after = column[position + 1 :]
        arriving: dict[tuple[int, ...], list[tuple[Floats, Floats]]] = {}
        for left, (weight, number) in paths.items():
            for cells in _fillings(np.array(left), int(size)):
                rest = np.array(left) - cells
                weights = weight - special.gammaln(cells + 1).sum()
                all_count, none_can = _bounds(rest, after)
                done = weights + all_count <= limit
                if done.any():
                    counted.append((weights + number)[done] + _all_log(rest, after))
                going = ~done & (weights + none_can <= limit)
                if going.any():
                    arriving.setdefault(_node(rest), []).append((weights[going], number[going]))
                followed += 1 + int(going.sum())
                if followed > MOST_PATHS:
                    return None
        paths = {node: _merged(parts) for node, parts in arriving.items()}
    return float(special.logsumexp(np.concatenate(counted))) if counted else -np.inf


def _node(left: Floats) -> tuple[int, ...]:
    """Row totals left; their order does not matter to what can follow."""
    return tuple(sorted(int(each) for each in left))


def _fillings(left: Floats, size: int) -> Iterator[Floats]:
    """Every way to take `size` from the row totals that are left."""
    if len(left) == 1:
        if size <= left[0]:
            yield np.array([float(size)])
        return
    for taken in range(max(0, size - int(left[1:].sum())), min(int(left[0]), size) + 1):
        for others in _fillings(left[1:], size - taken):
            yield np.concatenate([[float(taken)], others])


def _bounds(left: Floats, columns: Floats) -> tuple[float, float]:
    """Bounds on the log-weight of what can follow: no table is above the first, none below the second.

    -ln x! is concave: a column spread evenly over the rows has the greatest weight, one cell for all the least.
    """
    if not len(columns):
        return 0.0, 0.0
    even = min(_spread(columns, len(left)), _spread(left, len(columns)))
    uneven = max(-special.gammaln(columns + 1).sum(), -special.gammaln(left + 1).sum())
    return float(even), float(uneven)


def _spread(margin: Floats, over: int) -> float:
    return -over * float(special.gammaln(margin / over + 1).sum())


def _merged(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Paths of one weight as one: `number` is the log of how many there are."""
    weight = np.concatenate([part[0] for part in parts])
    number = np.concatenate([part[1] for part in parts])
    _, first, place = np.unique(np.round(weight, MERGED), return_index=True, return_inverse=True)
    top = number.max()
    summed = np.bincount(place.reshape(-1), np.exp(number - top))
    return weight[first], np.log(summed) + top
