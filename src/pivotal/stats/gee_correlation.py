"""Working correlations of a patient's visits: their moments from Pearson residuals, and their inverses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import Mask, divide

Correlation = Literal["independence", "exchangeable", "ar(1)", "unstructured"]


@dataclass(frozen=True, slots=True)
class Residuals:
    """Pearson residuals, 0 where there is no outcome, (replicate, patient, visit).

    Attributes
    ----------
    error, seen
        The residuals, and where an outcome is known.
    columns
        Coefficients of the model, (replicate,).
    dispersion
        Pearson's: sum e^2 / (K - p), (replicate,); over K where p is not smaller.
    """

    error: Floats
    seen: Mask
    columns: NDArray[np.int64]
    dispersion: Floats

    @classmethod
    def of(cls, error: Floats, seen: Mask, columns: NDArray[np.int64]) -> Residuals:
        """With their dispersion."""
        number = seen.sum(axis=(1, 2)).astype(np.float64)
        return cls(error, seen, columns, divide((error**2).sum(axis=(1, 2)), _less(number, columns)))

    def correlation(self, sums: Floats, pairs: Floats) -> Floats:
        """A correlation from sums of products over numbers of pairs, (replicate,); 0 without pairs or dispersion."""
        found = divide(divide(sums, _less(pairs, self.columns)), self.dispersion)
        return np.where(np.isfinite(found), found, 0.0)


def _less(number: Floats, columns: NDArray[np.int64]) -> Floats:
    """Degrees of freedom: the number less the coefficients, where it is more than they are."""
    return np.where(number > columns, number - columns, number)


def working_inverse(residuals: Residuals, correlation: Correlation) -> tuple[Floats, Floats]:
    """The working correlation, (replicate, visit, visit), and its inverse over the visits that a patient has.

    Parameters
    ----------
    residuals
        Pearson residuals at the current coefficients.
    correlation
        Its kind.

    Returns
    -------
    tuple
        The matrix, and (replicate, patient, visit, visit): where a visit is missing the identity's row and column.

    Raises
    ------
    ValueError
        If `correlation` is none of the kinds.
    """
    matrix = _matrix(residuals, correlation)
    visits = matrix.shape[1]
    codes = residuals.seen @ (1 << np.arange(visits, dtype=np.int64))
    patterns, place = np.unique(codes, return_inverse=True)
    place = np.asarray(place).reshape(codes.shape)
    there = (patterns[:, None] >> np.arange(visits)) & 1 == 1  # (pattern, visit)
    both = there[:, :, None] & there[:, None, :]
    partial = np.where(both[None], matrix[:, None], np.eye(visits))
    sound = np.linalg.eigvalsh(matrix)[:, 0] > 0
    inverse = np.linalg.inv(np.where(sound[:, None, None, None], partial, np.eye(visits)))
    return matrix, inverse[np.arange(len(matrix))[:, None], place]


def _matrix(residuals: Residuals, correlation: Correlation) -> Floats:
    replicates, _, visits = residuals.error.shape
    products = np.einsum("rij,rik->rjk", residuals.error, residuals.error)
    seen = residuals.seen.astype(np.float64)
    pairs = np.einsum("rij,rik->rjk", seen, seen)
    apart = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    if correlation == "independence":
        return np.broadcast_to(np.eye(visits), (replicates, visits, visits)).copy()
    if correlation == "exchangeable":
        upper = apart > 0
        alpha = residuals.correlation((products * upper).sum(axis=(1, 2)) / 2, (pairs * upper).sum(axis=(1, 2)) / 2)
        return np.where(upper, alpha[:, None, None], 1.0)
    if correlation == "ar(1)":
        near = apart == 1
        alpha = residuals.correlation((products * near).sum(axis=(1, 2)) / 2, (pairs * near).sum(axis=(1, 2)) / 2)
        return np.asarray(np.sign(alpha)[:, None, None] ** apart * np.abs(alpha)[:, None, None] ** apart)
    if correlation == "unstructured":
        matrix = np.stack(
            [residuals.correlation(products[:, j, k], pairs[:, j, k]) for j in range(visits) for k in range(visits)], 1
        ).reshape(replicates, visits, visits)
        return np.where(apart > 0, matrix, 1.0)
    raise ValueError(f"correlation is {correlation!r}; there are {', '.join(get_args(Correlation))}. Change it.")
