"""The conditional distribution of an arm's responder total given the fixed margins, in every replicate.

Two ways to the same numbers, both with positive terms along the arms' totals, so that far tails keep their relative
accuracy. Given the block totals the blocks are independent: a product of polynomials over the blocks, with Fourier
sums over the margins.

- `by_blocks`, one active arm: polynomials in its total.
- `exact_two_arms.by_tables`, two active arms: polynomials in both arms' totals; the last product of two gives each
  arm's total given the other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_margins import (
    Complexes,
    Direction,
    Ints,
    Layout,
    Nodes,
    Tilt,
    cell_weights,
    fit_tilt,
    fourier_nodes,
)

Numbers = TypeVar("Numbers", Floats, Complexes)

ZERO = 1e-13
"""A probability of the fixed margins below this share of the unconstrained sum is rounding: the point is no support."""


IMPOSSIBLE = 1e-7
"""A tilt whose own total has a smaller chance was fitted to an impossible total: it serves none."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The conditional distribution up to a constant: log weight of the total `low + t`, shape (replicate, t).

    `chance` is the probability of the fixed margins given the arms' totals, under the tilt, relative to the total that
    the tilt was fitted to: the larger, the more accurate the weight. `distance` is how far the total lies from that,
    infinite where the tilt serves none.
    `settled` totals are not to be tried with another tilt.
    """

    low: Ints
    log: Floats
    chance: Floats
    distance: Floats
    settled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some replicates with merged cells: events and totals (replicate, arm, cell), their layout and tilt."""

    events: Ints
    totals: Ints
    plan: Layout
    tilt: Tilt

    @classmethod
    def of(cls, events: Ints, totals: Ints, plan: Layout, anchor: Floats | None = None, moved: int = 1) -> Chunk:
        """Fit the tilt to the arms' responders `anchor`, or to a point between the observed and the expected."""
        observed, n = events.sum(2).astype(float), totals.sum(2)
        both, patients = observed[:, :1] + observed[:, 1:], n[:, :1] + n[:, 1:]
        moves = both * n[:, 1:] / np.maximum(patients, 1) - observed[:, 1:]  # (replicate, active arm)
        places = [observed]
        for active in range(moves.shape[1]):
            for times in (1, 2):
                place = observed.copy()
                place[:, 1 + active] += times * moves[:, active]
                place[:, 0] -= times * moves[:, active]
                places.append(np.clip(place, 0, n))
        middle = observed.copy()
        middle[:, 1:] += moves / (1 + moves.shape[1])
        middle[:, 0] -= moves.sum(1) / (1 + moves.shape[1])
        if anchor is not None:
            return cls(events, totals, plan, fit_tilt(events, totals, plan, anchor, _around(anchor, n, moved)))
        return cls(events, totals, plan, fit_tilt(events, totals, plan, middle, places))

    @classmethod
    def under_null(cls, events: Ints, totals: Ints, plan: Layout) -> Chunk:
        """The tilt without arm effects, for the joint distribution of all arms."""
        n = totals.sum(2)
        expected = events.sum((1, 2))[:, None] * n / np.maximum(n.sum(1, keepdims=True), 1)
        observed = events.sum(2).astype(float)
        return cls(events, totals, plan, fit_tilt(events, totals, plan, expected, [observed], arm_effects=False))

    def part(self, rows: slice | Ints) -> Chunk:
        """Some of the replicates."""
        return Chunk(self.events[rows], self.totals[rows], self.plan, self.tilt.part(rows))

    @property
    def arm_events(self) -> Ints:
        """Responders of every arm, (replicate, arm)."""
        return np.asarray(self.events.sum(2))

    @property
    def arm_totals(self) -> Ints:
        """Patients of every arm, (replicate, arm)."""
        return np.asarray(self.totals.sum(2))

    def margin_directions(self) -> list[Direction]:
        """What the Fourier sums over the margins fix."""
        arms = self.events.shape[1]
        return [Direction(np.tile(column, (arms, 1)).astype(float)) for column in self.plan.margin.T]

    def block_of(self, values: Ints) -> Ints:
        """Sum over the cells of each block: (replicate, arm, block)."""
        members = (self.plan.block[:, None] == np.arange(self.plan.blocks)).astype(np.int64)
        return np.asarray(values @ members)


def _around(anchor: Floats, n: Ints, moved: int) -> list[Floats]:
    """The arms' responders two standard deviations of their exchange to either side."""
    variance = (anchor + 0.5) * (n - anchor + 0.5) / (n + 1)
    spread = np.sqrt(variance[:, moved] * variance[:, 0] / (variance[:, moved] + variance[:, 0]))
    places = []
    for sign in (-2, 2):
        place = anchor.copy()
        place[:, moved] += sign * spread
        place[:, 0] -= sign * spread
        places.append(np.clip(place, 0, n))
    return places


def gather(values: Numbers, index: Ints) -> Numbers:
    """values[..., index] with zero where the index is outside; index broadcasts against the leading axes."""
    size: int = values.shape[-1]
    padded = np.zeros((*values.shape[:-1], size + 1), dtype=values.dtype)  # the last one is what lies outside
    padded[..., :size] = values
    within = np.where((index >= 0) & (index < size), index, size)
    first = np.arange(0, padded.size, size + 1).reshape(*values.shape[:-1], 1)
    return cast(Numbers, padded.ravel().take(first + within))


def toeplitz(values: Numbers, start: int, rows: int, columns: int) -> Numbers:
    """Matrix values[start + row - column], zero outside, (..., row, column)."""
    first = start - columns + 1
    padded = np.zeros((*values.shape[:-1], rows + columns - 1), dtype=values.dtype)
    low, high = max(first, 0), min(first + rows + columns - 1, values.shape[-1])
    if high > low:
        padded[..., low - first : high - first] = values[..., low:high]
    return cast(Numbers, np.ascontiguousarray(sliding_window_view(padded, columns, axis=-1)[..., ::-1]))


def convolve(left: Complexes, right: Complexes, size: int) -> Complexes:
    """Polynomial product along the last axis, cut to `size` coefficients; the leading axes broadcast."""
    shape = np.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    if left.shape[-1] < right.shape[-1]:
        left, right = right, left
    product = np.zeros((*shape, size), dtype=np.result_type(left, right))
    for shift in range(min(right.shape[-1], size)):
        span = min(left.shape[-1], size - shift)
        product[..., shift : shift + span] += right[..., shift, None] * left[..., :span]
    return product


def block_polynomials(chunk: Chunk, angle: Floats) -> list[Complexes]:
    """Generating function of the responders of an arm, for each block (replicate, arm, node, responders).

    The product over the block's cells of (1 - p + p z v)^n; z = exp(i angle) of the margins that the cell counts in.
    """
    plan = chunk.plan
    in_block = chunk.block_of(chunk.events).sum(1)  # (replicate, block)
    most = np.minimum(chunk.block_of(chunk.totals).max(1), in_block).max(0, initial=0) + 1
    cell_most = int(min(chunk.totals.max(initial=0) + 1, most.max()))
    weights = cell_weights(chunk.totals, chunk.tilt, cell_most)
    turn = np.exp(1j * np.multiply.outer(angle @ plan.margin.T, np.arange(cell_most)))  # (node, cell, x)
    parts = []
    for block in range(plan.blocks):
        cells, size = np.flatnonzero(plan.block == block), int(most[block])
        parts.append(_cells_product(weights[:, :, cells, :size], turn[:, cells, :size], size))
    return parts


def _cells_product(weights: Floats, turn: Complexes, size: int) -> Complexes:
    """Product of the polynomials of one block's cells, (replicate, arm, node, x)."""
    replicates, arms, cells, width = weights.shape
    nodes = turn.shape[0]
    product = weights[:, :, None, 0] * turn[None, None, :, 0]
    if cells == 1:
        padded = np.zeros((replicates, arms, nodes, size), dtype=np.complex128)
        padded[..., :width] = product
        return padded
    if np.all(turn[:, 0] == 1):  # the first cell does not turn: one real matrix serves every node
        width = int(np.flatnonzero(weights[:, :, 1].any((0, 1))).max(initial=0)) + 1
        real = toeplitz(weights[:, :, 0], 0, size, width)  # (replicate, arm, size, width)
        second = weights[:, :, 1, :width, None] * np.ascontiguousarray(turn[:, 1, :width].T)
        pairs = second.view(np.float64).reshape(replicates, arms, width, 2 * nodes)
        product = np.swapaxes((real @ pairs).view(np.complex128), 2, 3)
        done = 2
    else:
        done = 1
    for cell in range(done, cells):
        product = convolve(product, weights[:, :, None, cell] * turn[None, None, :, cell], size)
    return product


def by_blocks(chunk: Chunk) -> Weights:
    """Distribution of the one active arm's total given the block totals and the margins."""
    nodes = block_nodes(chunk)
    grown = block_polynomials(chunk, nodes.angle)
    fixed = chunk.block_of(chunk.events).sum(1)
    terms = []
    for block, each in enumerate(grown):
        index = fixed[:, block, None] - np.arange(each.shape[-1])
        terms.append(each[:, 1] * gather(each[:, 0], index[:, None]))  # (replicate, node, x)
    terms[0] *= node_factors(nodes, chunk)[..., None]
    return _multiply_blocks(terms, chunk, float(nodes.weight[0]))


def block_nodes(chunk: Chunk) -> Nodes:
    """Fourier points over the margins, given the block and the arm totals."""
    arms = list(range(1, chunk.events.shape[1]))
    variances = chunk.tilt.variances
    return fourier_nodes(chunk.events, chunk.totals, variances, chunk.margin_directions(), arms, chunk.plan.block)


def node_factors(nodes: Nodes, chunk: Chunk) -> Complexes:
    """Weight times exp(-i angle value) of every point of the margins, (replicate, node)."""
    values = [direction.fixed(chunk.events) for direction in chunk.margin_directions()]
    if not values:
        return np.ones((chunk.events.shape[0], 1), dtype=np.complex128)
    return np.asarray(nodes.weight * np.exp(-1j * (np.stack(values, 1) @ nodes.angle.T)))


def _multiply_blocks(terms: list[Complexes], chunk: Chunk, share: float) -> Weights:
    """Multiply the blocks' polynomials, sum over the points, keep what the rounding cannot have made."""
    both = chunk.events.sum((1, 2))
    low = np.maximum(0, both - chunk.arm_totals[:, 0])
    high = np.minimum(chunk.arm_totals[:, 1], both)
    size = int(high.max(initial=0)) + 1
    product = terms[0]
    for term in terms[1:-1]:
        product = convolve(product, term, min(size, product.shape[-1] + term.shape[-1] - 1))
    if len(terms) == 1:
        total, scale = product.real.sum(1), np.abs(product[:, 0])
    else:
        total, scale = last_block(product, terms[-1], size)
    t = low[:, None] + np.arange(int((high - low).max(initial=0)) + 1)
    return finish(low, gather(total, t), gather(scale, t) / share, t <= high[:, None], chunk, 1)


def last_block(left: Complexes, right: Complexes, size: int) -> tuple[Floats, Floats]:
    """Real part of the sum over the points of the product of two polynomials, and the first point's alone."""
    a = np.concatenate([left.real, -left.imag], axis=1)
    b = np.concatenate([right.real, right.imag], axis=1)
    total = antidiagonals(np.swapaxes(a, 1, 2) @ b, size)
    zero = antidiagonals(np.abs(left[:, 0, :, None] * right[:, 0, None, :]), size)
    return total, zero


def antidiagonals(table: Floats, size: int) -> Floats:
    """Sums over a + b = t of table[replicate, a, b], t = 0 .. size-1."""
    replicates, rows, columns = table.shape
    skewed = np.zeros((replicates, rows, rows + columns))
    skewed[:, :, :columns] = table
    flat = skewed.reshape(replicates, -1)[:, : rows * (rows + columns - 1)]
    sums = flat.reshape(replicates, rows, rows + columns - 1).sum(1)
    if sums.shape[1] < size:
        sums = np.pad(sums, ((0, 0), (0, size - sums.shape[1])))
    return np.asarray(sums[:, :size])


def finish(low: Ints, total: Floats, scale: Floats, inside: NDArray[np.bool_], chunk: Chunk, arm: int) -> Weights:
    """Undo the tilt and drop what is no support."""
    kept = inside & (total > ZERO * scale) & (total > 0)
    tilt = chunk.tilt
    constant = (chunk.events * tilt.logit - chunk.totals * np.logaddexp(0.0, tilt.logit)).sum((1, 2))
    moved = low[:, None] + np.arange(total.shape[1]) - chunk.arm_events[:, arm, None]
    effect = (tilt.arm[:, arm] - tilt.arm[:, 0])[:, None]
    logs = np.log(np.where(kept, total, 1.0)) - effect * moved - constant[:, None]
    chance = np.divide(total, scale, out=np.zeros_like(total), where=kept & (scale > 0))
    beyond = moved + (chunk.arm_events[:, arm] - tilt.anchor[:, arm])[:, None]
    chance = np.where(inside, chance, np.inf)
    own = np.take_along_axis(chance, np.abs(beyond).argmin(1)[:, None], 1)
    sound = np.isfinite(own) & (own > IMPOSSIBLE)
    relative = np.where(np.isinf(chance), np.inf, _outward(chance, beyond) / np.where(sound, own, 1.0))
    distance = np.where(sound, np.abs(beyond), np.inf)
    return Weights(low, np.where(kept, logs, -np.inf), relative, distance, ~inside)


def _outward(chance: Floats, beyond: Floats) -> Floats:
    """Smallest chance on the way from the tilt's own total: past a hole a large one is only a period's echo."""
    up = np.minimum.accumulate(np.where(beyond < -0.5, np.inf, chance), axis=1)
    down = np.minimum.accumulate(np.where(beyond > 0.5, np.inf, chance)[:, ::-1], axis=1)[:, ::-1]
    return np.where(beyond < -0.5, down, np.where(beyond > 0.5, up, chance))
