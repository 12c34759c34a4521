"""Reference-based imputation: draws of the model's parameters, and the data sets that they complete."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.imputation.bootstrap import bootstrap_counts
from pivotal.stats.imputation.conditional import complete
from pivotal.stats.imputation.determined import Determined, covariates_of
from pivotal.stats.imputation.reference_model import ReferenceModel
from pivotal.stats.imputation.strategies import Strategy, Whole, joined_covariance, joined_mean
from pivotal.stats.mmrm import VisitDesign, fit_mmrm
from pivotal.stats.tables import Mask

# How often a bootstrap sample whose fit fails is drawn anew. rbmi gives up when more than 1 % fail.
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Draws of the model's parameters.

    Attributes
    ----------
    coefficients
        Of every covariate at every visit, (replicate, draw, visit, covariate).
    sigma
        Covariance matrices, (replicate, draw, group, visit, visit).
    reason
        Why a draw has no numbers (they are NaN), (replicate, draw).
    redrawn
        How often a sample was drawn anew because its fit failed, (replicate,).
    determined
        What the trial's own outcomes determine; None where they determine every mean.
    """

    coefficients: Floats
    sigma: Floats
    reason: Reasons
    redrawn: Whole
    determined: Determined | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputed:
    """Completed data sets.

    Attributes
    ----------
    y
        (replicate, imputation, patient, visit)
    missing
        What was filled in, (replicate, patient, visit).
    reason
        (replicate, imputation); NaN stands in `y` where it is not 0.
    redrawn
        Bootstrap samples drawn anew, (replicate,).
    """

    y: Floats
    missing: Mask
    reason: Reasons
    redrawn: Whole


def impute_reference(model: ReferenceModel, imputations: int, rng: np.random.Generator) -> Imputed:
    """Impute by approximate Bayesian reference-based imputation.

    Parameters
    ----------
    model
        From `reference_model`.
    imputations
        Their number, M.
    rng
        Source of random numbers. The same state gives the same bits.

    Returns
    -------
    Imputed
        A data set that cannot be completed is NaN, with a reason: the fit's where the model could not be fitted to ten
        bootstrap samples in a row; `Reason.ALIASED` where a mean that is needed is not determined (nobody of the arm
        was seen at the visit, and the strategy asks for that arm's mean); `Reason.NO_MEAN_TO_CARRY` where the last mean
        is to be carried forward from before the first visit. Without anything missing the data sets are copies.

    Raises
    ------
    ValueError
        If `imputations` is less than 1.

    Notes
    -----
    For each imputation the patients are drawn with replacement within arms, the mixed model (unstructured) is fitted
    to the outcomes before the events, which stands for a draw from the posterior, and what is missing is drawn from
    its distribution given what was observed (after the event too), with the mean and the covariance matrix of the
    patient's strategy: Carpenter, Roger and Kenward (2013), doi:10.1080/10543406.2013.834911; Little and Rubin (2002),
    section 10.2.3, for the bootstrap. As R's rbmi with ``method_approxbayes``. For draws from the posterior itself
    see `impute_reference_bayes`.

    Examples
    --------
    See `reference_ancova`.
    """
    if imputations < 1:
        raise ValueError(f"imputations is {imputations}; there is at least 1. Change imputations.")
    parts = [_impute(chunk, bootstrap_parameters(chunk, imputations, rng), rng) for chunk in model.chunks(imputations)]
    return joined(parts)


def impute_with(model: ReferenceModel, drawn: Parameters, rng: np.random.Generator | None) -> Imputed:
    """Complete the data with given parameters: a draw with `rng`, else the conditional mean."""
    return _impute(model, drawn, rng)


def bootstrap_parameters(model: ReferenceModel, samples: int, rng: np.random.Generator) -> Parameters:
    """Fit the model to bootstrap samples; a sample whose fit fails is drawn anew, up to ten times."""
    counts = bootstrap_counts(model.arm, samples, rng)
    own = Determined.of(model)
    found = fitted_parameters(model, counts, own)
    redrawn = np.zeros(model.replicates, dtype=np.int64)
    for _ in range(ATTEMPTS):
        failed = (found.reason != 0) & own.sound[:, None]
        if not failed.any():
            break
        rows = np.flatnonzero(failed.any(axis=1))
        redrawn += failed.sum(axis=1)
        some = model.take(rows)
        again = fitted_parameters(some, bootstrap_counts(some.arm, samples, rng), own.take(rows))
        for name in ("coefficients", "sigma", "reason"):
            place = getattr(found, name)
            place[failed] = getattr(again, name)[failed[rows]]
    return replace(found, redrawn=redrawn)


def fitted_parameters(model: ReferenceModel, counts: Floats, own: Determined) -> Parameters:
    """Fit the model with every patient counted so often, (replicate, draw, patient).

    Columns that the trial's own outcomes do not determine are left out of every fit.
    """
    replicates, draws, patients = counts.shape
    repeated = np.repeat(model.modelled, draws, axis=0)
    design = model.own
    if design.x.ndim == 3:
        design = VisitDesign(np.repeat(design.x, draws, axis=0), design.columns)
    grouped = bool(model.group.any() or model.reference_group.any())
    fit = fit_mmrm(
        repeated,
        design,
        method=model.fit,
        group=np.repeat(model.group, draws, axis=0) if grouped else None,
        frequency=counts.reshape(replicates * draws, patients),
    )
    coefficients = fit.coefficients.reshape(replicates, draws, -1)
    coefficients = np.where(own.columns[:, None], coefficients, 0.0)
    sigma = fit.sigma.reshape(replicates, draws, *fit.sigma.shape[1:])
    reason = fit.reason.reshape(replicates, draws)
    lost = ~np.isfinite(coefficients).all(axis=2) | ~np.isfinite(sigma).all(axis=(2, 3, 4))
    reason = np.where((reason == 0) & lost, np.uint8(Reason.ALIASED), reason)
    gone = (reason != 0) & (lost | (reason == Reason.CONSTANT))
    by_visit = np.einsum("jac,rmc->rmja", model.own.columns, np.where(gone[..., None], np.nan, coefficients))
    return Parameters(
        coefficients=np.asarray(by_visit, dtype=np.float64),
        sigma=np.where(gone[..., None, None, None], np.nan, sigma),
        reason=np.where(gone, reason, np.uint8(0)),
        redrawn=np.zeros(replicates, dtype=np.int64),
        determined=own,
    )


def _impute(model: ReferenceModel, drawn: Parameters, rng: np.random.Generator | None) -> Imputed:
    """Complete the incomplete patients of every replicate."""
    seen = ~np.isnan(model.y)
    chosen = _incomplete(seen)
    part = _Part.of(model, chosen)
    mean = part.mean(drawn)
    reason = drawn.reason.copy()
    stuck = np.asarray(np.isnan(mean).any(axis=(2, 3))) & (reason == 0)
    why = np.where(part.carries_nothing(), np.uint8(Reason.NO_MEAN_TO_CARRY), np.uint8(Reason.ALIASED))
    reason = np.where(stuck, why[:, None], reason)
    kind, sigma = part.kinds(drawn.sigma)
    normals = None if rng is None else rng.standard_normal(mean.shape)
    filled = complete(part.y, part.seen, mean, sigma, kind, normals)
    draws = mean.shape[1]
    whole = np.repeat(np.where(seen, model.y, 0.0)[:, None], draws, axis=1)
    np.put_along_axis(whole, chosen[:, None, :, None], filled, axis=2)
    broken = (reason != 0)[..., None, None] & ~seen[:, None]
    return Imputed(y=np.where(broken, np.nan, whole), missing=~seen, reason=reason, redrawn=drawn.redrawn)


@dataclass(frozen=True, slots=True)
class _Part:
    """The incomplete patients."""

    model: ReferenceModel
    chosen: Whole
    y: Floats
    seen: Mask
    event: Whole
    strategy: Whole

    @classmethod
    def of(cls, model: ReferenceModel, chosen: Whole) -> _Part:
        y = np.take_along_axis(model.y, chosen[..., None], axis=1)
        seen = ~np.isnan(y)
        event, strategy = (np.take_along_axis(part, chosen, axis=1) for part in (model.event, model.strategy))
        return cls(model, chosen, np.where(seen, y, 0.0), seen, event, strategy)

    def mean(self, drawn: Parameters) -> Floats:
        """(replicate, draw, patient, visit); NaN where it is not determined."""
        own, reference = (self._predicted(design, drawn) for design in (self.model.own, self.model.reference))
        joined = joined_mean(own, reference, self.event[:, None], self.strategy[:, None])
        # complete patients are here to fill up the rows
        return np.where(np.asarray(self.seen.all(axis=2))[:, None, :, None] & np.isnan(joined), 0.0, joined)

    def carries_nothing(self) -> Mask:
        """Whether the last mean before the first visit is to be carried forward, (replicate,)."""
        return np.asarray(((self.event == 0) & (self.strategy == Strategy.LAST_MEAN_CARRIED)).any(axis=1))

    def _predicted(self, design: VisitDesign, drawn: Parameters) -> Floats:
        x = covariates_of(design, self.chosen)
        mean = np.asarray(x[:, None] @ np.swapaxes(drawn.coefficients, -1, -2), dtype=np.float64)
        if drawn.determined is None or drawn.determined.nulls.shape[1] == 0:
            return mean
        return np.where(drawn.determined.undetermined(x)[:, None], np.nan, mean)

    def kinds(self, sigma: Floats) -> tuple[Whole, Floats]:
        """Each patient's kind (visits seen, and covariance matrix), and the matrices by kind."""
        columns = [self.seen.reshape(-1, self.seen.shape[-1]).astype(np.int64)]
        if sigma.shape[2] > 1:
            groups = [
                np.take_along_axis(g, self.chosen, axis=1) for g in (self.model.group, self.model.reference_group)
            ]
            columns += [part.reshape(-1, 1) for part in (self.event, self.strategy, *groups)]
        rows = np.concatenate(columns, axis=1)
        unique, kind = np.unique(rows, axis=0, return_inverse=True)
        number = np.asarray(kind).reshape(self.chosen.shape).astype(np.int64)
        if sigma.shape[2] == 1:
            return number, sigma
        made = [joined_covariance(sigma[:, :, g], sigma[:, :, r], event, code) for *_, event, code, g, r in unique]
        return number, np.stack(made, axis=2)


def _incomplete(seen: Mask) -> Whole:
    """Patients with something missing, (replicate, patient), padded with complete ones."""
    lacking = ~seen.all(axis=2)
    most = int(lacking.sum(axis=1).max(initial=0))
    return np.argsort(~lacking, axis=1, kind="stable")[:, :most].astype(np.int64)


def joined(parts: list[Imputed]) -> Imputed:
    """Runs of replicates as one."""
    names = ("y", "missing", "reason", "redrawn")
    return Imputed(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
