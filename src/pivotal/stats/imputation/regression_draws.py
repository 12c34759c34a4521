"""Draws from the posterior of a regression of one variable on others, and of its missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.logistic_newton import Cells, Evaluation, empirical_start
from pivotal.stats.newton import maximise
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import Mask, first_reason

Whole = NDArray[np.int64]
# Donors of predictive mean matching, as mice and SAS have them.
DONORS = 5
# Numbers of a logistic regression's largest array worked on at a time.
CHUNK_NUMBERS = 2**22


@dataclass(frozen=True, slots=True)
class Regression:
    """One variable's regression in every chain.

    Attributes
    ----------
    design
        (chain, patient, column), the first column an intercept.
    y
        (chain, patient), any finite number where missing.
    observed
        Patients that the regression is fitted to, (chain, patient).
    wanted
        Patients whose value is to be drawn, (chain, patient).
    levels
        Of a categorical variable; 0 for a continuous one.
    """

    design: Floats
    y: Floats
    observed: Mask
    wanted: Mask
    levels: int = 0

    def take(self, rows: slice) -> Regression:
        """Some chains."""
        return Regression(self.design[rows], self.y[rows], self.observed[rows], self.wanted[rows], self.levels)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Values drawn, (chain, patient), to be used where wanted, and why there are none, (chain,)."""

    values: Floats
    reason: Reasons


@dataclass(frozen=True, slots=True)
class _Linear:
    """A least-squares fit and a draw from its posterior."""

    fitted: Floats
    coefficients: Floats
    sigma: Floats
    reason: Reasons


def draw_normal(regression: Regression, rng: np.random.Generator) -> Drawn:
    """Bayesian linear regression with the prior 1 / sigma^2.

    sigma*^2 = RSS / g with g chi-square on n - p degrees of freedom, beta* = b + sigma* L z with LL' = (X'X)^-1, and
    values x'beta* + sigma* e: Rubin (1987), p. 167; as mice's ``norm`` (without its ridge) and SAS ``REG``.
    """
    drawn = _linear(regression, rng)
    mean = predicted(regression.design, drawn.coefficients)
    noise = rng.standard_normal(mean.shape)
    return Drawn(mean + drawn.sigma[:, None] * noise, drawn.reason)


def draw_matched(regression: Regression, rng: np.random.Generator) -> Drawn:
    """Predictive mean matching: one of the five patients whose predicted values are nearest lends the value observed.

    Distances are between x'b of donors and x'beta* of recipients (type 1 of van Buuren 2018, section 3.4). Of donors
    with the same predicted value neighbours at a random place are taken.
    """
    drawn = _linear(regression, rng)
    most = int(regression.wanted.sum(axis=1).max(initial=0))
    rows = np.argsort(~regression.wanted, axis=1, kind="stable")[:, :most]
    theirs = np.where(regression.observed, predicted(regression.design, drawn.fitted), np.inf)
    ours = np.take_along_axis(predicted(regression.design, drawn.coefficients), rows, axis=1)
    number = regression.observed.sum(axis=1)[:, None]
    order = np.argsort(theirs, axis=1, kind="stable")
    arranged = np.take_along_axis(theirs, order, axis=1)
    near = _nearest(arranged, ours, number, rng.random(ours.shape))
    pick = np.floor(rng.random(ours.shape) * np.clip(number, 1, DONORS)).astype(np.int64)
    chosen = np.take_along_axis(near, pick[..., None], axis=2)[..., 0]
    donor = np.take_along_axis(order, chosen, axis=1)
    values = regression.y.copy()
    np.put_along_axis(values, rows, np.take_along_axis(regression.y, donor, axis=1), axis=1)
    return Drawn(values, drawn.reason)


def _nearest(arranged: Floats, ours: Floats, number: Whole, uniform: Floats) -> Whole:
    """Positions of the nearest donors among the arranged ones, nearest first, (chain, recipient, donor)."""
    left, right = _ranks(arranged, ours, after=False), _ranks(arranged, ours, after=True)
    centre = left + np.floor(uniform * (np.minimum(right, number) - left + 1)).astype(np.int64)
    first = np.clip(centre - DONORS, 0, np.maximum(number - 2 * DONORS, 0))
    window = np.minimum(first[..., None] + np.arange(2 * DONORS), arranged.shape[1] - 1)
    values = np.take_along_axis(arranged[:, None], window.reshape(len(window), 1, -1), axis=2).reshape(window.shape)
    # beyond the last donor there is none
    beyond = first[..., None] + np.arange(2 * DONORS) >= number[..., None]
    distance = np.where(beyond, np.inf, np.abs(values - ours[..., None]))
    return np.take_along_axis(window, np.argsort(distance, axis=2, kind="stable")[..., :DONORS], axis=2)


def _ranks(arranged: Floats, ours: Floats, *, after: bool) -> Whole:
    """How many of the arranged values lie below each of ours (or, `after`, below or at it)."""
    size = arranged.shape[1]
    together = np.concatenate([arranged, ours] if after else [ours, arranged], axis=1)
    order = np.argsort(together, axis=1, kind="stable")
    theirs = order < size if after else order >= ours.shape[1]
    below = np.empty_like(order)
    np.put_along_axis(below, order, np.cumsum(theirs, axis=1), axis=1)
    return below[:, size:] if after else below[:, : ours.shape[1]]


def _linear(regression: Regression, rng: np.random.Generator) -> _Linear:
    design, weight = regression.design, regression.observed
    used = design * weight[..., None]
    across = np.swapaxes(used, 1, 2)
    gram, cross = across @ design, (across @ (regression.y * weight)[..., None])[..., 0]
    kept = kept_columns(gram)
    factor = np.linalg.cholesky(identity_elsewhere(gram, kept))
    upper = np.asarray(np.swapaxes(factor, 1, 2), dtype=np.float64)
    fitted = _solve(upper, _solve(np.asarray(factor, dtype=np.float64), np.where(kept, cross, 0.0)))
    residual = (regression.y - predicted(design, fitted)) * weight
    df = weight.sum(axis=1) - kept.sum(axis=1)
    reason = first_reason((df <= 0, Reason.TOO_FEW), (undetermined(regression, kept), Reason.ALIASED))
    spread = rng.chisquare(np.maximum(df, 1).astype(np.float64))
    sigma = np.sqrt((residual**2).sum(axis=1) / spread)
    away = np.where(kept, _solve(upper, rng.standard_normal(fitted.shape)), 0.0)
    return _Linear(fitted, fitted + sigma[:, None] * away, sigma, reason)


def draw_binary(regression: Regression, rng: np.random.Generator) -> Drawn:
    """Logistic regression with a normal draw of its coefficients, augmented against separation.

    beta* ~ N(b, I(b)^-1) at the maximum of the augmented likelihood; values are 1 with probability expit(x'beta*).
    White, Daniel and Royston (2010), doi:10.1016/j.csda.2010.04.005: for every covariate two values, one standard
    deviation to either side of its mean with the others at theirs, each once with the event and once without, weights
    adding up to the number of coefficients. As mice's ``logreg``; SAS ``LOGISTIC`` has ``LIKELIHOOD=AUGMENT``.
    """
    coefficients = np.empty((len(regression.y), regression.design.shape[2]))
    width = regression.design.shape[2]
    run = max(1, CHUNK_NUMBERS // max(1, regression.y.shape[1] * width * (width + 1) // 2))
    normals = rng.standard_normal(coefficients.shape)
    reason = np.empty(len(coefficients), dtype=np.uint8)
    for first in range(0, len(coefficients), run):
        rows = slice(first, first + run)
        coefficients[rows], reason[rows] = _logistic(regression.take(rows), normals[rows])
    uniform = rng.random(regression.y.shape)
    values = uniform < special.expit(predicted(regression.design, coefficients))
    return Drawn(values.astype(np.float64), reason)


def _logistic(regression: Regression, normals: Floats) -> tuple[Floats, Reasons]:
    design, weight = augmented(regression.design, regression.observed, 2)
    extra = weight.shape[1] - regression.y.shape[1]
    outcome = np.concatenate([regression.y, np.tile([0.0, 1.0], (len(weight), extra // 2))], axis=1)
    cells = Cells.of(np.where(weight > 0, weight * outcome, 0.0), weight, design)
    kept = kept_columns(np.swapaxes(design * weight[..., None], 1, 2) @ design).T
    top = maximise(cells, empirical_start(cells, kept), kept)
    information = unpacked(Evaluation.of(cells, top.coefficients).information, len(kept))
    coefficients = top.coefficients.T + normal_away(information, kept.T, normals)
    return coefficients, iterated_reason(regression, kept.T, top.converged)


def iterated_reason(regression: Regression, kept: Mask, converged: Mask) -> Reasons:
    """Why a regression fitted by iteration gives no draws, (chain,)."""
    nobody = np.asarray(~regression.observed.any(axis=1), dtype=np.bool_)
    return first_reason(
        (nobody, Reason.TOO_FEW),
        (undetermined(regression, kept), Reason.ALIASED),
        (~converged, Reason.NOT_CONVERGED),
    )


def undetermined(regression: Regression, kept: Mask) -> Mask:
    """Whether values are wanted of patients whom the observed ones say nothing about, as of another arm, (chain,)."""
    found = np.zeros(len(kept), dtype=np.bool_)
    rows = np.flatnonzero(~kept.all(axis=1))
    if rows.size:
        design = regression.design[rows] * (regression.observed | regression.wanted)[rows, :, None]
        everybody = kept_columns(np.swapaxes(design, 1, 2) @ design)
        found[rows] = everybody.sum(axis=1) > kept[rows].sum(axis=1)
    return found


def augmented(design: Floats, observed: Mask, categories: int) -> tuple[Floats, Floats]:
    """The design with the rows of White, Daniel and Royston below it, and the weight of every row.

    Parameters
    ----------
    design
        (chain, patient, column), the first an intercept.
    observed
        (chain, patient)
    categories
        Of the outcome. Every augmented row stands there once for each, next to each other.
    """
    chains, _, width = design.shape
    if width == 1:
        # nothing to separate: half an event and half a patient without one, so that a constant outcome has odds
        rows = np.ones((chains, categories, 1))
        weight = np.full((chains, categories), 1.0 / categories)
        return np.concatenate([design, rows], axis=1), np.concatenate([observed, weight], axis=1)
    number = np.maximum(observed.sum(axis=1), 1)[:, None]
    mean = (design * observed[..., None]).sum(axis=1) / number
    spread = np.sqrt((((design - mean[:, None]) * observed[..., None]) ** 2).sum(axis=1) / number)
    shift = np.concatenate([np.eye(width)[1:], -np.eye(width)[1:]])
    rows = mean[:, None] + shift * spread[:, None]
    rows = np.repeat(rows, categories, axis=1)
    parameters = width - 1 + categories - 1
    weight = np.full((chains, rows.shape[1]), parameters / rows.shape[1])
    return np.concatenate([design, rows], axis=1), np.concatenate([observed, weight], axis=1)


def kept_columns(gram: Floats) -> Mask:
    """Columns that do not depend on earlier ones, (chain, column)."""
    return np.ascontiguousarray(sweep(np.ascontiguousarray(np.moveaxis(gram, 0, -1))).kept.T)


def identity_elsewhere(matrix: Floats, kept: Mask) -> Floats:
    """A matrix with the identity in the rows and columns that are not kept."""
    both = kept[:, :, None] & kept[:, None, :]
    return np.where(both, matrix, 0.0) + np.where(kept, 0.0, 1.0)[:, :, None] * np.eye(kept.shape[1])


def normal_away(information: Floats, kept: Mask, normals: Floats) -> Floats:
    """A draw from N(0, information^-1), 0 in columns that are not kept."""
    factor = np.linalg.cholesky(identity_elsewhere(information, kept))
    return np.where(kept, _solve(np.swapaxes(factor, 1, 2), normals), 0.0)


def unpacked(packed: Floats, size: int) -> Floats:
    """Symmetric matrices (replicate, column, column) from the triangles (pair, replicate) of `cholesky.pairs`."""
    full = np.empty((packed.shape[1], size, size))
    for index, (i, j) in enumerate(cholesky.pairs(size)):
        full[:, i, j] = full[:, j, i] = packed[index]
    return full


def predicted(design: Floats, coefficients: Floats) -> Floats:
    """Design times coefficients, (chain, patient)."""
    return np.asarray((design @ coefficients[..., None])[..., 0], dtype=np.float64)


def _solve(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0], dtype=np.float64)
