"""The conditional distributions of two active arms' responder totals, each given the other's, and of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_kernel import (
    ZERO,
    Chunk,
    Weights,
    antidiagonals,
    block_nodes,
    block_polynomials,
    finish,
    gather,
    node_factors,
    toeplitz,
)
from pivotal.stats.exact_margins import Complexes, Ints

ELEMENTS = 600_000
"""Numbers in one temporary of a product of matrices, 10 MB: few calls, so that threads seldom wait for each other."""


def by_tables(chunk: Chunk) -> list[Weights]:
    """Distributions of both active arms' totals, each given the other's; control and two active arms."""
    t = chunk.arm_events
    blocks = Blocks.of(chunk)
    found = []
    for arm in (1, 2):
        both = t[:, 0] + t[:, arm]
        low, high = np.maximum(0, both - chunk.arm_totals[:, 0]), np.minimum(chunk.arm_totals[:, arm], both)
        roles = Roles.of(chunk, arm)
        size = int((both - low if roles.row == 0 else high).max()) + 1
        total, scale = np.zeros((2, len(t), size))
        for rows, points, part in blocks.parts(roles):
            table = others_table(part, roles, size)
            more, alone = contract(part, table, roles, t[rows, roles.other], size)
            total[rows] += more
            if points.start == 0:
                scale[rows] = alone
        at = low[:, None] + np.arange(int((high - low).max()) + 1)
        index = both[:, None] - at if roles.row == 0 else at
        inside = at <= high[:, None]
        found.append(finish(low, gather(total, index), gather(scale, index), inside, chunk, arm))
    return found


def both_arms(chunk: Chunk) -> Floats:
    """Weight of every pair of the active arms' totals given all margins, (replicate, t1, t2); 0 for no support.

    The chunk's tilt must be without arm effects.
    """
    events = chunk.events.sum((1, 2))
    tops = np.minimum(chunk.arm_totals.max(0), int(events.max(initial=0)))
    blocks, roles = Blocks.of(chunk), Roles.of(chunk, 1)
    size = int(tops[roles.row]) + 1
    total, scale = np.zeros((2, len(events), int(tops[2]) + 1, size))
    for rows, points, part in blocks.parts(roles):
        table = others_table(part, roles, size)
        for t2 in range(total.shape[1]):
            more, alone = contract(part, table, roles, np.full(len(part.fixed), t2), size)
            total[rows, t2] += more
            if points.start == 0:
                scale[rows, t2] = alone
    weights = np.where((total > ZERO * scale) & (total > 0), total, 0.0)
    t1 = np.arange(int(tops[1]) + 1)
    if roles.row == 0:
        weights = gather(weights, events[:, None, None] - np.arange(total.shape[1])[:, None] - t1)
    return np.swapaxes(weights, 1, 2)


@dataclass(frozen=True, slots=True)
class Roles:
    """Which arm does what: `row` and `fill` are exchanged, `other` keeps its responders; `row` is the smaller."""

    row: int
    other: int
    fill: int

    @classmethod
    def of(cls, chunk: Chunk, arm: int) -> Roles:
        """For the comparison of an active arm with control."""
        control, active = chunk.arm_totals.max(0)[[0, arm]]
        return cls(0, 3 - arm, arm) if control < active else cls(arm, 3 - arm, 0)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Generating functions of the blocks, the largest last; real numbers where no margins are fixed.

    Attributes
    ----------
    grown
        Polynomials of every arm in every block, (replicate, node, responders), [block][arm].
    fixed
        The blocks' responders, shape (replicate, block).
    factors
        The points' factors, (replicate, node).
    share
        Weight of the first point.
    """

    grown: list[list[Complexes]]
    fixed: Ints
    factors: Complexes
    share: float

    @classmethod
    def of(cls, chunk: Chunk) -> Blocks:
        """Those of some replicates."""
        nodes = block_nodes(chunk)
        sizes = chunk.block_of(chunk.totals).max(0) + 1  # (arm, block)
        grown = [
            [each[:, arm, :, : sizes[arm, block]] for arm in range(3)]
            for block, each in enumerate(block_polynomials(chunk, nodes.angle))
        ]
        order = sorted(range(len(grown)), key=lambda block: max(each.shape[-1] for each in grown[block]))
        fixed = chunk.block_of(chunk.events).sum(1)[:, order]
        factors, share = node_factors(nodes, chunk), float(nodes.weight[0])
        if chunk.plan.margin.shape[1]:
            return cls([grown[block] for block in order], fixed, factors, share)
        real = [[np.ascontiguousarray(each.real) for each in grown[block]] for block in order]
        return cls(cast(list[list[Complexes]], real), fixed, cast(Complexes, factors.real), share)

    def parts(self, roles: Roles) -> Iterator[tuple[slice, slice, Blocks]]:
        """Some replicates, and where one alone is too large some points, at a time."""
        inner = sum(each[roles.other].shape[-1] for each in self.grown[:-1]) + 1
        each_point = inner * self.grown[-1][roles.row].shape[-1]
        replicates, nodes = self.factors.shape
        width = min(nodes, max(1, ELEMENTS // each_point))
        step = max(1, ELEMENTS // (width * each_point))
        for start in range(0, replicates, step):
            rows = slice(start, start + step)
            for first in range(0, nodes, width):
                points = slice(first, first + width)
                grown = [[each[rows, points] for each in block] for block in self.grown]
                yield rows, points, Blocks(grown, self.fixed[rows], self.factors[rows, points], self.share)


def others_table(blocks: Blocks, roles: Roles, size: int) -> Complexes:
    """All blocks but the largest, given their totals, with the points' factors: (replicate, node, row, other)."""
    table = blocks.factors[:, :, None, None]
    for step, grown in enumerate(blocks.grown[:-1]):
        row, other = grown[roles.row][..., :size], grown[roles.other]
        index = blocks.fixed[:, step, None] - np.arange(row.shape[-1] + other.shape[-1] - 1)
        fill = gather(grown[roles.fill], index[:, None])  # by row + other
        if step == 0:
            row = row * blocks.factors[..., None]
        new = sliding_window_view(fill, other.shape[-1], axis=-1) * row[..., None]
        new *= other[:, :, None]
        table = convolve_tables(new, table, size) if step else new
    return table


def contract(blocks: Blocks, others: Complexes, roles: Roles, given: Ints, size: int) -> tuple[Floats, Floats]:
    """Weights of the row arm's totals 0 .. size-1 given the other arm's; and the first point's alone, by its weight.

    Of the largest block the other arm has what the other blocks leave it, so that the table of the row arm's
    responders in the other blocks and in the largest is one product of matrices, summed over the points and the other
    arm's responders in the other blocks.
    """
    last = blocks.grown[-1]
    others = others[:, :, :size, : int(given.max()) + 1]
    replicates, nodes, rows, inner = others.shape
    own = last[roles.row][..., :size].conj()
    columns = own.shape[-1]
    rest = gather(last[roles.other], (given[:, None] - np.arange(inner))[:, None])
    index = (blocks.fixed[:, -1] - given)[:, None] + np.arange(1 - columns, inner)
    fill = gather(last[roles.fill], index[:, None]).conj()
    windows = sliding_window_view(fill, inner, axis=-1)[:, :, ::-1]  # (replicate, node, column, inner)
    left = np.empty((replicates, rows, nodes, inner), dtype=others.dtype)
    right = np.empty((replicates, columns, nodes, inner), dtype=others.dtype)
    np.multiply(others, rest[:, :, None], out=np.swapaxes(left, 1, 2))
    np.multiply(windows, own[..., None], out=np.swapaxes(right, 1, 2))
    a = left.reshape(replicates, rows, -1).view(np.float64)  # their product: the complex one's real part
    b = np.swapaxes(right.reshape(replicates, columns, -1).view(np.float64), 1, 2)
    first = a.shape[-1] // nodes
    tables = np.zeros((2, replicates, rows, columns))
    np.matmul(a[..., :first], b[:, :first], out=tables[0])
    np.matmul(a[..., first:], b[:, first:], out=tables[1])
    sums = antidiagonals(tables.reshape(2 * replicates, rows, columns), size)
    scale, more = sums[:replicates], sums[replicates:]
    return scale + more, scale / blocks.share


def convolve_tables(left: Complexes, right: Complexes, size: int) -> Complexes:
    """Product of two polynomials in two variables, the first's exponents below `size`."""
    height = min(left.shape[2] + right.shape[2] - 1, size)
    width = left.shape[3] + right.shape[3] - 1
    product = np.zeros((*left.shape[:2], height, width), dtype=left.dtype)
    for shift in range(min(right.shape[2], height)):
        span = min(left.shape[2], height - shift)
        matrix = toeplitz(right[:, :, shift], 0, width, left.shape[3])  # (replicate, node, width, columns)
        product[:, :, shift : shift + span] += left[:, :, :span] @ np.swapaxes(matrix, 2, 3)
    return product
