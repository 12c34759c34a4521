"""What exact conditional logistic regression fixes, and where its Fourier sums are taken.

The strata are cells of a cross-classification. One factor, the *block*, is handled directly: its level totals enter as
the fixed sums of polynomials. The levels of the other factors (but their first) are the *margins*: each is fixed by a
sum over the unit circle, whose points `fourier_nodes` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln, logit

from pivotal.stats.estimate import Floats

Ints = NDArray[np.int64]
Complexes = NDArray[np.complex128]

NODE_LIMIT = 200_000
"""Most Fourier points looked at, and the most kept is a tenth of it: more would take minutes a trial."""

ALIAS_DECAY = 28.0
"""-log of the probability, at a distance of one period, that may fold onto the fixed margin."""

SHORTEST = 14.0
"""Points of a Fourier sum over a longer support, at least."""

CUT_DECAY = 30.0
"""-log of the bound on the characteristic function below which a Fourier point is left out."""


def cross_levels(*sizes: int) -> Ints:
    """Level codes of the strata of a full cross-classification, the last factor running fastest.

    Parameters
    ----------
    *sizes
        Number of levels of each factor, each at least 1.

    Returns
    -------
    array, shape (stratum, factor)
        The level code of every factor in every stratum.

    Examples
    --------
    >>> cross_levels(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"sizes is {sizes}; every factor needs at least one level. Leave the empty factor out.")
    count = int(np.prod(sizes, dtype=np.int64)) if sizes else 1
    return np.indices(sizes).reshape(len(sizes), count).T.astype(np.int64)


def margin_matrix(levels: ArrayLike) -> Ints:
    """0/1 matrix of the stratum sums that main effects of the factors fix.

    Parameters
    ----------
    levels
        Level code of every factor in every stratum, shape (stratum, factor).

    Returns
    -------
    array, shape (stratum, margin)
        A column for every level of every factor, in the order of the factors and of their sorted codes.

    Examples
    --------
    >>> margin_matrix(cross_levels(2, 2)).tolist()
    [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    """
    codes = np.asarray(levels)
    columns = [codes[:, f] == level for f in range(codes.shape[1]) for level in np.unique(codes[:, f])]
    return np.array(columns, dtype=np.int64).reshape(len(columns), codes.shape[0]).T


@dataclass(frozen=True, slots=True)
class Layout:
    """The cells after merging, sorted by block.

    Attributes
    ----------
    merge
        0/1, shape (stratum, cell): strata with the same levels of every factor are one cell.
    block
        Block of each cell, shape (cell,), not decreasing.
    margin
        0/1, shape (cell, margin): what the Fourier sums fix beside the block totals.
    """

    merge: Ints
    block: Ints
    margin: Ints

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return int(self.block[-1]) + 1


def layout(levels: Ints) -> Layout:
    """Merge strata alike, take the factor with the most levels as the block, the others as margins."""
    strata, factors = levels.shape
    if factors == 0:
        return Layout(np.ones((strata, 1), dtype=np.int64), np.zeros(1, np.int64), np.zeros((1, 0), np.int64))
    counts = [np.unique(levels[:, f]).size for f in range(factors)]
    order = sorted(range(factors), key=lambda f: -counts[f])
    cells, of_stratum = np.unique(levels[:, order], axis=0, return_inverse=True)
    merge = np.zeros((strata, cells.shape[0]), dtype=np.int64)
    merge[np.arange(strata), of_stratum.ravel()] = 1
    block = np.unique(cells[:, 0], return_inverse=True)[1].ravel().astype(np.int64)
    columns = [cells[:, f] == level for f in range(1, factors) for level in np.unique(cells[:, f])[1:]]
    margin = np.array(columns, dtype=np.int64).reshape(len(columns), cells.shape[0]).T
    return Layout(merge, block, margin)


@dataclass(frozen=True, slots=True)
class Tilt:
    """A logistic fit that puts the fixed margins at their mean; it leaves the conditional distribution alone.

    Attributes
    ----------
    anchor
        The arms' responders that it fits, shape (replicate, arm).
    arm
        Arm effects on the logit, shape (replicate, arm).
    logit
        Shape (replicate, arm, cell).
    variances
        n p (1 - p), shape (replicate, arm, cell), at each of the places that must be accurate.
    """

    anchor: Floats
    arm: Floats
    logit: Floats
    variances: list[Floats]

    def part(self, rows: slice | Ints) -> Tilt:
        """Some of the replicates."""
        return Tilt(self.anchor[rows], self.arm[rows], self.logit[rows], [each[rows] for each in self.variances])


def fit_tilt(
    events: Ints, totals: Ints, plan: Layout, anchor: Floats, places: list[Floats], *, arm_effects: bool = True
) -> Tilt:
    """Newton steps of logit p = arm + block + margins, half a pseudo-patient added to every cell.

    `anchor` (replicate, arm) are the arms' responders to be fitted; the margins are the observed ones. `places` are
    such responders, too: where the variance matters. The fit only centres the sums: it need not be exact, and an
    exact one may not exist.
    """
    replicates, arms, cells = events.shape
    design = _design(arms, plan, arm_effects)  # (arm * cell, column)
    overall = np.clip(events.sum((1, 2)) / np.maximum(totals.sum((1, 2)), 1), 0.05, 0.95)
    n = totals.reshape(replicates, -1) + 0.5
    target = (events.reshape(replicates, -1) + 0.5 * overall[:, None]) @ design
    beta = np.zeros((replicates, design.shape[1]))
    if arm_effects:
        target[:, :arms] = anchor + 0.5 * overall[:, None] * cells
        share = target[:, :arms] / n.reshape(replicates, arms, cells).sum(2)
        beta[:, :arms] = logit(np.clip(share, 1e-3, 1 - 1e-3))
    products = (design[:, :, None] * design[:, None, :]).reshape(arms * cells, -1)
    for _ in range(25):
        p = expit(np.clip(beta @ design.T, -12, 12))
        hessian = ((n * p * (1 - p)) @ products).reshape(replicates, *[design.shape[1]] * 2)
        hessian += 1e-6 * np.eye(design.shape[1])
        step = np.linalg.solve(hessian, (target - (n * p) @ design)[..., None])[..., 0]
        beta += np.clip(step, -2, 2)
        if np.abs(step).max(initial=0.0) < 0.02:  # the next step would be a ten-thousandth
            break
    beta = np.clip(beta, -10, 10)
    logits = (beta @ design.T).reshape(events.shape)
    arm = beta[:, :arms] if arm_effects else np.broadcast_to(beta[:, :1], (replicates, arms))
    return Tilt(anchor, arm, logits, [_variance(totals, logits, anchor, place) for place in [anchor, *places]])


def _variance(totals: Ints, logits: Floats, anchor: Floats, place: Floats) -> Floats:
    """Binomial variances when the arms' responders move from `anchor` to `place`, by a shift of the arms' logits."""
    n = totals.sum(2)
    shift = logit((place + 0.5) / (n + 1)) - logit((anchor + 0.5) / (n + 1))
    p = expit(logits + shift[..., None])
    return np.asarray(totals * p * (1 - p))


def _design(arms: int, plan: Layout, arm_effects: bool) -> Floats:
    """Columns: arms (or one intercept), blocks but the first, margins; rows: (arm, cell)."""
    cells = plan.block.size
    first = np.repeat(np.eye(arms), cells, axis=0) if arm_effects else np.ones((arms * cells, 1))
    block = (plan.block[:, None] == np.arange(1, plan.blocks)).astype(float)
    return np.concatenate([first, np.tile(np.hstack([block, plan.margin]), (arms, 1))], axis=1)


def cell_weights(totals: Ints, tilt: Tilt, size: int) -> Floats:
    """Tilted binomial weights C(n, x) p^x (1-p)^(n-x) of every cell, x = 0 .. size-1 on the last axis."""
    logs = np.asarray(gammaln(np.arange(int(totals.max(initial=0)) + 2) + 1.0))
    x = np.arange(size)
    rest = totals[..., None] - x
    # (replicate, arm, cell, x)
    power = logs[totals][..., None] - logs[np.minimum(x, logs.size - 1)] - logs[np.maximum(rest, 0)]
    power += x * tilt.logit[..., None] - (totals * np.logaddexp(0.0, tilt.logit))[..., None]
    return np.where(rest >= 0, np.exp(np.minimum(power, 700.0)), 0.0)


@dataclass(frozen=True, slots=True)
class Nodes:
    """Points of the Fourier sum over the fixed margins, one of each conjugate pair.

    Attributes
    ----------
    angle
        Shape (node, margin).
    weight
        1 for a point that is its own conjugate, 2 otherwise, over the number of points; shape (node,). The first
        point is zero.
    """

    angle: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Direction:
    """A quantity that a Fourier sum fixes: a 0/1 pattern over (arm, cell)."""

    pattern: Floats

    def fixed(self, events: Ints) -> Ints:
        """Its observed value, shape (replicate,)."""
        return np.asarray((events * self.pattern).sum((1, 2)), dtype=np.int64)


def fourier_nodes(
    events: Ints,
    totals: Ints,
    variances: list[Floats],
    directions: list[Direction],
    free_arms: list[int],
    blocks: Ints | None,
) -> Nodes:
    """Choose the points: periods long enough that nothing folds back, points whose bound is negligible left out.

    `free_arms` and `blocks` name the sums that are fixed without Fourier: the bound on the characteristic function
    exp(-min sum V (1 - cos(angle + free phases))) is minimised over their phases. It holds for every product of
    Bernoulli generating functions, as |1 - p + p exp(i a)| <= exp(-p (1 - p)(1 - cos a)).
    """
    if not directions:
        return Nodes(np.zeros((1, 0)), np.ones(1))
    periods = [max(_period(events, totals, v, d.pattern) for v in variances) for d in directions]
    size = int(np.prod([float(p) for p in periods]))
    if size > NODE_LIMIT:
        raise ValueError(
            f"levels: the fixed margins need {size:,} Fourier points ({' x '.join(map(str, periods))}); at most "
            f"{NODE_LIMIT:,} are allowed. Use fewer factors or levels, or pool sparse levels."
        )
    index = np.indices(periods).reshape(len(periods), size)
    mirror = np.ravel_multi_index(tuple((-row) % p for row, p in zip(index, periods, strict=True)), periods)
    half = np.flatnonzero(np.arange(size) <= mirror)
    turns = [((row[half] + p // 2) % p - p // 2) / p for row, p in zip(index, periods, strict=True)]
    angle = 2 * np.pi * np.stack(turns, 1)
    weight = np.where(mirror[half] == half, 1.0, 2.0) / size
    if blocks is not None:  # the bound falls with every variance; minimised over phases it is costly
        variances = [np.min(variances, axis=0)]
    decay = [_decay(v, angle, directions, free_arms, blocks) for v in variances]
    keep = np.min(decay, axis=0) < CUT_DECAY
    if keep.sum() > NODE_LIMIT // 10:
        raise ValueError(
            f"levels: the fixed margins need {int(keep.sum()):,} Fourier points after trimming; at most "
            f"{NODE_LIMIT // 10:,} are allowed. Use fewer factors or levels, or pool sparse levels."
        )
    return Nodes(angle[keep], weight[keep])


def _period(events: Ints, totals: Ints, variance: Floats, pattern: Floats) -> int:
    """Smallest safe number of equally spaced points: support size, or a Gaussian-with-skewness tail bound."""
    value, responders = (events * pattern).sum((1, 2)), events.sum((1, 2))
    inside = (totals * pattern).sum((1, 2))
    outside = totals.sum((1, 2)) - inside
    reach = np.maximum(value - np.maximum(0, responders - outside), np.minimum(inside, responders) - value)
    by_arm, within = variance.sum(2), (variance * pattern).sum(2)
    spread = (within - within**2 / np.maximum(by_arm, 1e-300)).sum(1)
    share = inside / np.maximum(inside + outside, 1)
    rate = responders / np.maximum(inside + outside, 1)
    skew = np.abs(1 - 2 * share) * np.abs(1 - 2 * rate) + 0.1
    tail = np.sqrt(2 * ALIAS_DECAY * np.maximum(spread, 0.0)) + skew * ALIAS_DECAY / 3 + 2
    tail = np.maximum(tail, SHORTEST)
    return int(np.ceil(np.minimum(reach + 1, tail)).max(initial=1))


def _decay(
    variance: Floats, angle: Floats, directions: list[Direction], free_arms: list[int], blocks: Ints | None
) -> Floats:
    """-log bound of the characteristic function at every point, the smallest over the replicates."""
    patterns = np.stack([d.pattern for d in directions])  # (margin, arm, cell)
    smallest = np.full(angle.shape[0], np.inf)
    for start in range(0, angle.shape[0], 512):
        part = slice(start, start + 512)
        z = np.exp(1j * np.tensordot(angle[part], patterns, 1))  # (node, arm, cell)
        smallest[part] = _least_energy(variance, z, free_arms, blocks).min(0)
    return smallest


def _least_energy(variance: Floats, z: Complexes, free_arms: list[int], blocks: Ints | None) -> Floats:
    """Sum of V (1 - cos(angle + phases)), minimised over the phases of arms and blocks; (replicate, node)."""
    total = variance.sum((1, 2))[:, None]
    if blocks is None:
        return np.asarray(total - sum(np.abs(variance[:, j] @ z[:, j].T) for j in range(variance.shape[1])))
    members = (blocks[:, None] == np.arange(int(blocks[-1]) + 1)).astype(float)  # (cell, block)
    turned = variance[:, None] * z  # (replicate, node, arm, cell)
    for _ in range(6):
        across = turned.sum(2) @ members
        turned *= (_turned_back(across) @ members.T)[:, :, None, :]
        for arm in free_arms:
            turned[:, :, arm] *= _turned_back(turned[:, :, arm].sum(-1))[..., None]
    return np.asarray(total - turned.real.sum((2, 3)))


def _turned_back(z: Complexes) -> Complexes:
    """exp(-i angle) of each number; 1 where it is zero."""
    size = np.abs(z)
    return np.asarray(np.divide(z.conj(), size, out=np.ones_like(z), where=size > 0))
