"""Data augmentation for a multivariate normal regression: draws of its parameters and of what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.imputation.conditional import complete
from pivotal.stats.imputation.regression_draws import identity_elsewhere, kept_columns
from pivotal.stats.mmrm import fit_mmrm, small, visit_design
from pivotal.stats.tables import Mask, first_reason

Whole = NDArray[np.int64]
# A residual cross-product matrix whose Cholesky pivots fall below this share of their diagonals is singular.
STILL = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDraws:
    """Where the chains ended.

    Attributes
    ----------
    y
        Completed outcomes, (replicate, chain, patient, variable).
    coefficients
        (replicate, chain, covariate, variable)
    sigma
        (replicate, chain, variable, variable)
    mean_trace, sd_trace
        Fitted means of the variables over all patients and residual standard deviations after each iteration,
        (replicate, chain, iteration, variable).
    reason
        (replicate,)
    """

    y: Floats
    coefficients: Floats
    sigma: Floats
    mean_trace: Floats
    sd_trace: Floats
    reason: Reasons


def run_chains(y: Floats, x: Floats, chains: int, iterations: int, rng: np.random.Generator) -> ChainDraws:
    """Run chains of data augmentation for y | x ~ N(x'B, Sigma), under Jeffreys' prior |Sigma|^-((k + 1) / 2).

    Parameters
    ----------
    y
        (replicate, patient, variable); NaN where missing.
    x
        Complete covariates with the intercept's column, (replicate, patient, covariate).
    chains, iterations
        Chains in each replicate, and steps of each.
    rng
        Source of random numbers.
    """
    setting = _Setting.of(y, x, chains)
    state = setting.start()
    means, spreads = [], []
    for _ in range(iterations):
        filled = setting.impute(state, rng)
        state = setting.draw(filled, rng)
        means.append(np.einsum("ra,rmaj->rmj", setting.average, state.coefficients))
        spreads.append(np.sqrt(np.einsum("rmjj->rmj", state.sigma)))
    whole = setting.impute(state, rng)
    lost = (setting.reason != 0)[:, None, None, None]
    return ChainDraws(
        y=np.where(lost & ~setting.seen[:, None], np.nan, whole),
        coefficients=np.where(lost, np.nan, state.coefficients),
        sigma=np.where(lost, np.nan, state.sigma),
        mean_trace=np.stack(means, axis=2),
        sd_trace=np.stack(spreads, axis=2),
        reason=setting.reason,
    )


@dataclass(frozen=True, slots=True)
class _State:
    coefficients: Floats
    sigma: Floats


@dataclass(slots=True)
class _Setting:
    """What stays the same from step to step."""

    y: Floats
    seen: Mask
    x: Floats
    chains: int
    rows: Whole
    kind: Whole
    used: Mask
    kept: Mask
    upper: Floats
    across: Floats
    average: Floats
    df: Floats
    reason: Reasons

    @classmethod
    def of(cls, y: Floats, x: Floats, chains: int) -> _Setting:
        seen = ~np.isnan(y)
        # who has no outcome at all tells nothing of the parameters, and would only slow the chain
        used = np.asarray(seen.any(axis=2), dtype=np.bool_)
        design = np.where(used[..., None], x, 0.0)
        gram = np.swapaxes(design, 1, 2) @ design
        kept = kept_columns(gram)
        factor = np.linalg.cholesky(identity_elsewhere(gram, kept))
        lacking = ~seen.all(axis=2)
        rows = np.argsort(~lacking, axis=1, kind="stable")[:, : int(lacking.sum(axis=1).max(initial=0))]
        masks = np.take_along_axis(seen, rows[..., None], axis=1)
        _, kind = np.unique(masks.reshape(-1, y.shape[2]), axis=0, return_inverse=True)
        df = used.sum(axis=1) - kept.sum(axis=1)
        few = (df < y.shape[2]) | ~np.asarray(seen.any(axis=1)).all(axis=1)
        number = np.maximum(used.sum(axis=1, keepdims=True), 1)
        everybody = np.swapaxes(x, 1, 2) @ x
        open_ = kept_columns(everybody).sum(axis=1) > kept.sum(axis=1)
        return cls(
            y=np.where(seen, y, 0.0),
            seen=seen,
            x=x,
            chains=chains,
            rows=rows,
            kind=np.asarray(kind).reshape(rows.shape).astype(np.int64),
            used=used,
            kept=kept,
            upper=np.swapaxes(np.linalg.inv(factor), 1, 2) * kept[:, :, None],
            across=np.swapaxes(design, 1, 2),
            average=design.sum(axis=1) / number,
            df=df.astype(np.float64),
            reason=first_reason((few, Reason.TOO_FEW), (open_, Reason.ALIASED)),
        )

    def start(self) -> _State:
        """Restricted maximum likelihood, or where it was not found each variable's own regression."""
        data = np.where(self.seen, self.y, np.nan)
        variables = self.y.shape[2]
        with np.errstate(all="ignore"):
            fit = fit_mmrm(data, visit_design(self.x, variables))
        coefficients = np.nan_to_num(coefficients_of(fit.coefficients, variables))
        number = np.maximum(self.seen.sum(axis=1), 1)
        centre = self.y.sum(axis=1) / number
        variance = (np.where(self.seen, self.y - centre[:, None], 0.0) ** 2).sum(axis=1) / number
        plain = np.where(variance > 0, variance, 1.0)[:, :, None] * np.eye(variables)
        open_ = np.isnan(coefficients_of(fit.coefficients, variables)) & self.kept[:, :, None]
        aliased = open_.any(axis=(1, 2)) & np.isfinite(fit.coefficients).any(axis=1)
        self.reason = np.where((self.reason == 0) & aliased, np.uint8(Reason.ALIASED), self.reason).astype(np.uint8)
        singular = (self.reason == 0) & (fit.reason == Reason.SINGULAR_COVARIANCE)
        self.reason = np.where(singular, fit.reason, self.reason).astype(np.uint8)
        found = np.isfinite(fit.sigma[:, 0]).all(axis=(1, 2)) & (np.einsum("rjj->rj", fit.sigma[:, 0]) > 0).all(axis=1)
        found &= np.isfinite(fit.coefficients).any(axis=1)
        sigma = np.where(found[:, None, None], fit.sigma[:, 0], plain)
        return _State(np.repeat(coefficients[:, None], self.chains, axis=1), np.repeat(sigma[:, None], self.chains, 1))

    def impute(self, state: _State, rng: np.random.Generator) -> Floats:
        """Draw what is missing."""
        some = np.take_along_axis(self.x, self.rows[..., None], axis=1)
        mean = some[:, None] @ state.coefficients
        y = np.take_along_axis(self.y, self.rows[..., None], axis=1)
        seen = np.take_along_axis(self.seen, self.rows[..., None], axis=1)
        filled = complete(y, seen, mean, state.sigma[:, :, None], self.kind, rng.standard_normal(mean.shape))
        whole = np.repeat(self.y[:, None], self.chains, axis=1)
        np.put_along_axis(whole, self.rows[:, None, :, None], filled, axis=2)
        return whole

    def draw(self, filled: Floats, rng: np.random.Generator) -> _State:
        """Draw the parameters given complete data."""
        cross = self.across[:, None] @ filled
        project = np.swapaxes(self.upper, 1, 2)[:, None] @ cross
        fitted = self.upper[:, None] @ project
        residual = (filled - self.x[:, None] @ fitted) * self.used[:, None, :, None]
        squares = np.swapaxes(residual, 2, 3) @ residual
        self._note(squares)
        root = inverse_wishart_root(squares, self.df, rng)
        normals = rng.standard_normal(fitted.shape)
        coefficients = fitted + self.upper[:, None] @ normals @ np.swapaxes(root, 2, 3)
        return _State(coefficients, root @ np.swapaxes(root, 2, 3))

    def _note(self, squares: Floats) -> None:
        diagonal = np.einsum("rmjj->rmj", squares)
        size = np.sqrt(np.maximum(diagonal, 1e-300))
        scaled = squares / (size[..., :, None] * size[..., None, :])
        factor = np.einsum("rmjj->rmj", small.cholesky(scaled))
        singular = ~small.positive_definite(scaled).all(axis=1) | (factor.min(axis=(1, 2)) < STILL)
        self.reason = np.where((self.reason == 0) & singular, np.uint8(Reason.SINGULAR_COVARIANCE), self.reason).astype(
            np.uint8
        )


def coefficients_of(columns: Floats, variables: int) -> Floats:
    """Coefficients (replicate, covariate, variable) of the columns that `visit_design` makes."""
    return columns.reshape(len(columns), -1, variables)


def inverse_wishart_root(scale: Floats, df: Floats, rng: np.random.Generator) -> Floats:
    """F with FF' a draw from the inverse Wishart distribution, by Bartlett's decomposition.

    Parameters
    ----------
    scale
        (replicate, chain, k, k), as in the density's exponent -tr(scale Sigma^-1) / 2.
    df
        (replicate,), at least k.
    """
    size = scale.shape[-1]
    bartlett = np.tril(rng.standard_normal(scale.shape), -1)
    freedom = np.maximum(df[:, None, None] - np.arange(size), 1.0)
    diagonal = np.sqrt(rng.chisquare(np.broadcast_to(freedom, scale.shape[:-1])))
    bartlett[..., np.arange(size), np.arange(size)] = diagonal
    # Sigma^-1 = L^-T A A' L^-1 with scale = LL', so that Sigma = (L A^-T) (L A^-T)'
    return np.swapaxes(np.linalg.solve(bartlett, np.swapaxes(small.cholesky(scale), -1, -2)), -1, -2)
