"""Draws of an ordered variable's missing values from a proportional odds regression."""

from __future__ import annotations

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats, Reasons
from pivotal.stats.imputation.regression_draws import (
    CHUNK_NUMBERS,
    Drawn,
    Regression,
    augmented,
    iterated_reason,
    normal_away,
    predicted,
    unpacked,
)
from pivotal.stats.newton import maximise
from pivotal.stats.ordinal_likelihood import OrdinalLikelihood
from pivotal.stats.units import Units


def draw_ordinal(regression: Regression, rng: np.random.Generator) -> Drawn:
    """Proportional odds regression with a normal draw of its coefficients and thresholds, augmented as `draw_binary`.

    logit P(Y <= j) = zeta_j - x'beta. Thresholds that a draw puts out of order are brought level, so that the category
    between them has no probability. As SAS ``LOGISTIC`` of an ordered variable; mice's ``polr`` uses the estimate
    itself, without a draw.
    """
    columns = regression.design.shape[2] - 1
    size = columns + regression.levels - 1
    normals = rng.standard_normal((len(regression.y), size))
    coefficients, reason = np.empty(normals.shape), np.empty(len(normals), dtype=np.uint8)
    width = regression.y.shape[1] * (columns + 1) * regression.levels
    run = max(1, CHUNK_NUMBERS // max(1, width))
    for first in range(0, len(coefficients), run):
        rows = slice(first, first + run)
        coefficients[rows], reason[rows] = _fitted(regression.take(rows), normals[rows])
    slope = predicted(regression.design[:, :, 1:], coefficients[:, :columns])
    zeta = np.maximum.accumulate(coefficients[:, columns:], axis=1)
    uniform = rng.random(regression.y.shape)
    values = (uniform[..., None] > special.expit(zeta[:, None] - slope[..., None])).sum(axis=2)
    return Drawn(values.astype(np.float64), reason)


def _fitted(regression: Regression, normals: Floats) -> tuple[Floats, Reasons]:
    levels = regression.levels
    design, weight = augmented(regression.design, regression.observed, levels)
    extra = weight.shape[1] - regression.y.shape[1]
    category = np.concatenate([regression.y, np.tile(np.arange(levels), (len(weight), extra // levels))], axis=1)
    counts = np.where(category[..., None] == np.arange(levels), weight[..., None], 0.0)
    likelihood = OrdinalLikelihood.of(np.ascontiguousarray(np.transpose(counts, (2, 1, 0))), Units.of(design[:, :, 1:]))
    columns = design.shape[2] - 1
    kept = np.ones((columns + levels - 1, len(weight)), dtype=np.bool_)
    kept[:columns] = likelihood.structure().kept[1:]
    top = maximise(likelihood, likelihood.start(), kept)
    information = unpacked(likelihood.evaluate(top.coefficients).information, len(kept))
    coefficients = top.coefficients.T + normal_away(information, kept.T, normals)
    intercept = np.ones((len(weight), 1), dtype=np.bool_)
    used = np.concatenate([intercept, kept[:columns].T], axis=1)
    return coefficients, iterated_reason(regression, used, top.converged)
