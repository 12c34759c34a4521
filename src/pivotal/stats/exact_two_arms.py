"""The conditional distributions of two active arms' responder totals, each given the other's, and of both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

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
from pivotal.stats.exact_margins import Complexes, Direction, Ints, Nodes, fourier_nodes


def by_arms(chunk: Chunk) -> list[Weights]:
    """Distributions of both active arms' totals, each given the other's; control and two active arms."""
    nodes = arm_nodes(chunk)
    t = chunk.arm_events
    both = t[:, :1] + t[:, 1:]  # (replicate, comparison): responders of control and the arm
    least = np.maximum(0, both - chunk.arm_totals[:, :1])
    high = np.minimum(chunk.arm_totals[:, 1:], both)
    low = np.broadcast_to(least.min(0), least.shape)  # one for all replicates: slices, not gathers
    base = np.array([(both - high).min(), *low[0]])
    sizes = np.array([(both - least).max(), *high.max(0)]) - base + 1
    total = [np.zeros((t.shape[0], int(size))) for size in sizes[1:]]
    scale: list[Floats] = []
    index = [(both - low)[:, a, None] - base[0] - np.arange(f.shape[1]) for a, f in enumerate(total)]
    for factor, polynomials in arm_polynomials(chunk, nodes, base, sizes):
        for a, f in enumerate(total):
            other = 2 - a
            here = np.take_along_axis(polynomials[other], (t[:, other] - base[other])[:, None, None], 1)
            zero = rows(polynomials[0], index[a])
            zero *= polynomials[1 + a]
            q = np.ascontiguousarray((here[:, 0] * factor)[..., None])
            if len(scale) == a:  # the first point, zero, has positive terms only
                scale.append(np.abs(zero[:, :, 0] * here[:, 0, :1]))
            f += (zero @ q)[..., 0].real
    found = []
    for a, f in enumerate(total):
        at = low[:, a, None] + np.arange(f.shape[1])
        inside = (at >= least[:, a, None]) & (at <= high[:, a, None])
        found.append(finish(low[:, a], f, scale[a], inside, chunk, a + 1))
    return found


def rows(values: Complexes, index: Ints) -> Complexes:
    """values[replicate, index] along axis 1, zero where the index is outside."""
    inside = (index >= 0) & (index < values.shape[1])
    picked = values[np.arange(values.shape[0])[:, None], np.clip(index, 0, values.shape[1] - 1)]
    picked *= inside[..., None]
    return picked


def arm_nodes(chunk: Chunk) -> Nodes:
    """Points over the margins and, last, the total of the second block; zero first."""
    directions = chunk.margin_directions()
    pattern = np.tile((chunk.plan.block == 1).astype(float), (chunk.events.shape[1], 1))
    directions.append(Direction(pattern))
    return fourier_nodes(chunk.events, chunk.totals, chunk.tilt.variances, directions, [], None)


def arm_polynomials(chunk: Chunk, nodes: Nodes, base: Ints, sizes: Ints) -> Iterator[tuple[Complexes, list[Complexes]]]:
    """For each point of the margins: (replicate, w) factors, and per arm the polynomials (replicate, total, w)."""
    unique, which = np.unique(nodes.angle[:, :-1], axis=0, return_inverse=True)
    which = which.ravel()
    grown = block_polynomials(chunk, unique)
    values = [direction.fixed(chunk.events) for direction in chunk.margin_directions()]
    values.append(chunk.events[:, :, chunk.plan.block == 1].sum((1, 2)))
    factors = nodes.weight * np.exp(-1j * (np.stack(values, 1) @ nodes.angle.T))
    first = int(which[0])
    for g in [first, *(k for k in range(unique.shape[0]) if k != first)]:
        members = np.flatnonzero(which == g)
        w = nodes.angle[members, -1]
        yield factors[:, members], [_arm(chunk, grown[:, j, :, g], int(base[j]), int(sizes[j]), w, j) for j in range(3)]


def _arm(chunk: Chunk, grown: Complexes, base: int, size: int, w: Floats, arm: int) -> Complexes:
    """Coefficients base .. base+size-1 of the product of the arm's blocks, the second turned by exp(i w)."""
    if chunk.plan.blocks == 1:
        return np.repeat(gather(grown[:, 0], base + np.arange(size)[None])[..., None], w.size, -1)
    widest = int(chunk.totals[:, arm][:, chunk.plan.block == 1].sum(1).max(initial=0)) + 1
    turn = np.exp(1j * np.multiply.outer(np.arange(grown.shape[-1]), w))
    second = grown[:, 1, :, None] * turn
    product = np.empty((grown.shape[0], size, w.size), dtype=np.complex128)
    for first, last in _strips(size):
        width = min(widest, grown.shape[-1], base + last)
        matrix = toeplitz(grown[:, 0], base + first, last - first, width)
        np.matmul(matrix, second[:, :width], out=product[:, first:last])
    return product


def _strips(size: int) -> list[tuple[int, int]]:
    """Halves of the rows: the upper ones of a triangular matrix need fewer columns."""
    return [(0, size)] if size < 24 else [(0, size // 2), (size // 2, size)]


def by_tables(chunk: Chunk) -> list[Weights]:
    """Distributions of both active arms' totals, each given the other's; any number of blocks."""
    left, right, share = _two_tables(chunk)
    t = chunk.arm_events
    found = []
    for arm in (1, 2):
        other = 3 - arm
        both = t[:, 0] + t[:, arm]
        low = np.maximum(0, both - chunk.arm_totals[:, 0])
        high = np.minimum(chunk.arm_totals[:, arm], both)
        a, b = (left, right) if arm == 1 else (np.swapaxes(left, 2, 3), np.swapaxes(right, 2, 3))
        index = t[:, other, None] - np.arange(a.shape[-1])
        paired = gather(b, index[:, None, None])  # (replicate, node, this arm, other arm of the left)
        table = a @ np.swapaxes(paired, 2, 3)
        size = a.shape[2] + b.shape[2]
        total, scale = antidiagonals(table.real.sum(1), size), antidiagonals(np.abs(table[:, 0]), size)
        at = low[:, None] + np.arange(int((high - low).max(initial=0)) + 1)
        found.append(finish(low, gather(total, at), gather(scale, at) / share, at <= high[:, None], chunk, arm))
    return found


def _two_tables(chunk: Chunk) -> tuple[Complexes, Complexes, float]:
    """The blocks' tables (replicate, node, responders of arm 1, of arm 2), multiplied down to two of them."""
    nodes = block_nodes(chunk)
    grown = block_polynomials(chunk, nodes.angle)
    fixed = chunk.block_of(chunk.events).sum(1)
    x = np.arange(grown.shape[-1])
    tables = []
    for block in range(grown.shape[2]):
        index = fixed[:, block, None] - np.arange(2 * x.size - 1)
        control = gather(grown[:, 0, block], index[:, None])  # (replicate, node, x1 + x2)
        arms = grown[:, 1, block, :, :, None] * grown[:, 2, block, :, None, :]
        tables.append(arms * control[:, :, x[:, None] + x])
    if chunk.plan.margin.shape[1] == 0:
        tables = [np.ascontiguousarray(table.real) for table in tables]
    else:
        tables[0] = tables[0] * node_factors(nodes, chunk)[:, :, None, None]
    tops = chunk.arm_totals[:, 1:].max(0)
    while len(tables) > 2:
        tables.append(convolve_tables(tables.pop(0), tables.pop(0), tops))
    if len(tables) == 1:
        tables.append(np.ones((*tables[0].shape[:2], 1, 1)))
    return tables[0], tables[1], float(nodes.weight[0])


def convolve_tables(left: Complexes, right: Complexes, tops: Ints) -> Complexes:
    """Product of two polynomials in two variables, cut to the exponents `tops`."""
    height = min(left.shape[2] + right.shape[2] - 1, int(tops[0]) + 1)
    width = min(left.shape[3] + right.shape[3] - 1, int(tops[1]) + 1)
    product = np.zeros((*left.shape[:2], height, width), dtype=np.result_type(left, right))
    for shift in range(min(right.shape[2], height)):
        span = min(left.shape[2], height - shift)
        matrix = toeplitz(right[:, :, shift], 0, width, left.shape[3])  # (replicate, node, width, columns)
        product[:, :, shift : shift + span] += left[:, :, :span] @ np.swapaxes(matrix, 2, 3)
    return product


def both_arms(chunk: Chunk) -> Floats:
    """Weight of every pair of the active arms' totals given all margins, (replicate, t1, t2); 0 for no support.

    The chunk's tilt must be without arm effects.
    """
    if chunk.plan.blocks > 2:
        left, right, share = _two_tables(chunk)
        product = convolve_tables(left, right, chunk.arm_totals[:, 1:].max(0))
        total, scale = product.real.sum(1), np.abs(product[:, 0])
        return np.where((total > ZERO * scale / share) & (total > 0), total, 0.0)
    events = chunk.events.sum((1, 2))
    sizes = np.minimum(chunk.arm_totals.max(0), int(events.max(initial=0))) + 1
    base = np.zeros(3, dtype=np.int64)
    total = np.zeros((events.size, int(sizes[1]), int(sizes[2])))
    scale = np.zeros_like(total)
    index = events[:, None] - np.arange(int(sizes[2]))
    for point, (factor, polynomials) in enumerate(arm_polynomials(chunk, arm_nodes(chunk), base, sizes)):
        last = polynomials[2] * factor[:, None]
        for t1 in range(int(sizes[1])):
            terms = rows(polynomials[0], index - t1) * last
            total[:, t1] += (terms @ polynomials[1][:, t1, :, None])[..., 0].real
            if point == 0:
                scale[:, t1] = np.abs(terms[..., 0] * polynomials[1][:, t1, :1])
    return np.where((total > ZERO * scale) & (total > 0), total, 0.0)
