"""Fit a mixed model for repeated measures in every replicate."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.arrays import to_numpy
from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.mmrm.data import Data
from pivotal.stats.mmrm.design import VisitDesign
from pivotal.stats.mmrm.likelihood import Evaluation, Model, Moments, evaluate, fill, projections
from pivotal.stats.mmrm.newton import Optimum, maximise
from pivotal.stats.mmrm.spatial import distances, spatial_structure
from pivotal.stats.mmrm.start import determined, least_squares, start
from pivotal.stats.mmrm.structures import STRUCTURES, Structure, reported
from pivotal.stats.tables import Mask, first_reason

Method = Literal["REML", "ML"]
# A correlation matrix with a pivot this small, when Newton's method did not arrive, was on its way to a singular one.
NEAR_SINGULAR = 1e-5
# Reasons with which there are no numbers at all.
BROKEN = (Reason.TOO_FEW, Reason.SINGULAR_COVARIANCE, Reason.NOT_CONVERGED)
# Residuals this small beside y'y: the model is fitted to them rather than to the outcomes, lest digits be lost.
SHIFTED = 1e-4
# A residual sum of squares this small beside y'y, after such a shift, is rounding: the model fits exactly.
EXACT = 1e-24


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of replicates as fitted, with what inference needs of them.

    Attributes
    ----------
    data, moments, model
        The data, what the likelihood needs of them (NumPy's arrays), the model.
    there
        The same as `moments` as arrays of the library that the outcomes came in.
    shift
        Coefficients whose fitted values were subtracted from the outcomes in `data`, (replicate, column).
    theta
        Parameters as fitted, (replicate, parameter).
    free
        Parameters that the data determine, (replicate, parameter).
    optimum
        How they were found.
    at
        The likelihood there, with its exact information.
    reason
        (replicate,)
    """

    data: Data
    shift: Floats
    moments: Moments
    there: Moments
    model: Model
    theta: Floats
    free: Mask
    optimum: Optimum
    at: Evaluation
    reason: Reasons

    def take(self, rows: slice) -> Part:
        """Some replicates."""
        moments = self.moments.take(rows)
        return Part(
            data=self.data.take(rows),
            moments=moments,
            there=moments if self.there is self.moments else self.there.take(rows),
            model=self.model.take(rows),
            optimum=self.optimum.take(rows),
            at=self.at.take(rows),
            **{name: getattr(self, name)[rows] for name in ("shift", "theta", "free", "reason")},
        )

    def theta_covariance(self) -> Floats:
        """Inverse observed information, zero for parameters that the data do not determine."""
        both = self.free[:, :, None] & self.free[:, None, :]
        filled = fill(self.at.information, self.free)
        sound = np.isfinite(filled).all(axis=(1, 2), keepdims=True)
        sound &= np.linalg.slogdet(np.where(sound, filled, 0.0))[0][:, None, None] != 0
        inverse = np.linalg.inv(np.where(sound, filled, np.eye(self.free.shape[1])))
        return np.where(both, np.where(sound, inverse, np.nan), 0.0)

    def projections(self) -> Floats:
        """P_h of every covariance parameter, (replicate, parameter, column, column); see `likelihood`."""
        bases, blocks = self.model.bases(self.theta, self.moments), self.model.blocks(self.moments)
        return projections(self.moments, self.at.inverse, bases, blocks)

    @property
    def coefficients(self) -> Floats:
        """Of the outcomes as given, 0 for aliased columns, (replicate, column)."""
        return self.at.coefficients + self.shift

    @property
    def broken(self) -> Mask:
        """Replicates without an optimum, (replicate,)."""
        return np.asarray(np.isin(self.reason, BROKEN), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class MmrmFit:
    """A mixed model for repeated measures, fitted in every replicate.

    Attributes
    ----------
    coefficients
        (replicate, column); NaN where a column depends on earlier ones.
    covariance
        Model-based covariance matrix of the coefficients, (X'V^-1 X)^-1, (replicate, column, column).
    sigma
        Covariance matrices of a patient's outcomes, (replicate, group, visit, visit); one group unless groups were
        given. NaN in elements that the data do not determine.
    loglik
        Log likelihood at the optimum, restricted under REML, (replicate,).
    n_obs, n_patients
        Outcomes observed, and patients with at least one, (replicate,).
    n_parameters
        Covariance parameters of all groups that the data determine, (replicate,).
    converged
        (replicate,)
    steps
        Evaluations of the likelihood, (replicate,).
    path
        Log likelihood reached at each evaluation, (replicate, evaluation): the same again where a step had to be
        halved, NaN after the last one.
    gradient
        Largest absolute element of the gradient at the optimum, (replicate,).
    reason
        (replicate,)
    structure, method
        As asked for.
    parts
        The replicates in the runs in which they were fitted, for `mmrm_contrasts` and its kin.
    """

    coefficients: Floats
    covariance: Floats
    sigma: Floats
    loglik: Floats
    n_obs: Floats
    n_patients: Floats
    n_parameters: Floats
    converged: Mask
    steps: NDArray[np.int64]
    path: Floats
    gradient: Floats
    reason: Reasons
    structure: str
    method: Method
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def theta(self) -> Floats:
        """Covariance parameters in the parametrisation of R's mmrm, (replicate, group * parameter).

        NaN without an optimum, and where the data do not determine a parameter; of ``us`` then all of them.
        """
        return np.concatenate([_reported(part) for part in self.parts])

    @property
    def aic(self) -> Floats:
        """Akaike's criterion, counting covariance parameters only, as mmrm and SAS under REML; (replicate,)."""
        return np.asarray(2 * self.n_parameters - 2 * self.loglik, dtype=np.float64)

    @property
    def bic(self) -> Floats:
        """Schwarz's criterion with the number of patients, (replicate,)."""
        return np.asarray(self.n_parameters * np.log(self.n_patients) - 2 * self.loglik, dtype=np.float64)


def fit_mmrm(
    y: ArrayLike,
    x: ArrayLike | VisitDesign,
    *,
    structure: str = "us",
    method: Method = "REML",
    group: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    frequency: ArrayLike | None = None,
    times: ArrayLike | None = None,
) -> MmrmFit:
    """Fit a mixed model for repeated measures in every replicate.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient, visit); NaN where not observed.
    x
        The design: a `VisitDesign` (see `visit_design`), or in full (patient, visit, column) or (replicate, patient,
        visit, column). An outcome with a row that is not finite is left out.
    structure
        Covariance structure: ``us`` (unstructured), ``toep``, ``toeph``, ``ar1``, ``ar1h``, ``cs``, ``csh``, ``ad``,
        ``adh``, or ``sp_exp`` (with `times`). An ``h`` at the end: a variance of its own for each visit.
    method
        ``REML`` or ``ML``.
    group
        Whose covariance matrix a patient has, 0, 1, ..., (patient,) or (replicate, patient); all the same if None.
    weights
        Of outcomes, (patient, visit) or (replicate, patient, visit): the covariance matrix of patient i is
        ``G^-1/2 Sigma G^-1/2`` with G the diagonal matrix of the weights. An outcome with weight 0 is left out.
    frequency
        How often each patient counts (a bootstrap's multiplicities), (patient,) or (replicate, patient); once if None.
    times
        For ``sp_exp``: times of the visits, (visit,), or of each patient's own, (patient, visit); with several
        coordinates (patient, visit, coordinate).

    Returns
    -------
    MmrmFit
        Where a replicate has no more outcomes than columns (`Reason.TOO_FEW`), an optimum only at a singular
        covariance matrix (`Reason.SINGULAR_COVARIANCE`), or Newton's method did not arrive
        (`Reason.NOT_CONVERGED`), its numbers are NaN. With `Reason.CONSTANT` the model fits exactly and the
        variances are 0. With `Reason.VISIT_EMPTY` (no outcome at a visit) and `Reason.PAIR_EMPTY` (two visits never
        observed in one patient) the rest is fitted: elements of `sigma` that the data do not determine, and
        coefficients of aliased columns, are NaN.

    Raises
    ------
    ValueError
        If shapes do not fit, a weight is negative, the structure or the method is unknown, or `times` are missing or
        not asked for.

    Notes
    -----
    The optimum is found by Newton's method with the observed information; see docs/methods/mmrm.md for the
    likelihood and its derivatives. Where covariates do not change over time only cross-products by pattern of
    missingness are used; the design is recognised. Log likelihood, AIC and BIC as R's mmrm and SAS `PROC MIXED`.
    R's mmrm stops its optimiser earlier: its estimates differ from these by 1e-5 or so.

    Outcomes may be an array of any library that follows the Python array API standard, such as CuPy, or PyTorch where
    `array_api_compat` is installed. The cross-products, the likelihood with its derivatives and the gradient of
    Satterthwaite's degrees of freedom are then computed where it is, in double precision, in batches of ten thousand
    replicates or so; Newton's small systems are solved by NumPy, and what comes back are NumPy arrays. A model that
    goes patient by patient, Kenward and Roger's method and the sandwiches run in NumPy, on copies made here.

    Examples
    --------
    >>> from pivotal.stats import visit_design
    >>> y = [[[1.0, 2.0], [2.0, 4.5], [0.5, 1.0], [1.5, 3.5], [2.5, np.nan], [1.0, 2.5]]]
    >>> x = [[1, 0], [1, 1], [1, 0], [1, 1], [1, 1], [1, 0]]
    >>> fit = fit_mmrm(y, visit_design(x, 2))
    >>> fit.coefficients[0].round(4).tolist()  # means of the first arm at the visits, differences at the visits
    [0.8333, 1.8333, 1.1667, 2.7381]
    """
    if method not in ("REML", "ML"):
        raise ValueError(f"method is {method!r}; a model is fitted by 'REML' or 'ML'. Change method.")
    apart = None
    if times is not None and structure == "sp_exp":
        apart = distances(np.asarray(to_numpy(times), dtype=np.float64))
    chosen = _structure(structure, apart, times is not None)
    own = apart if apart is not None and apart.ndim == 3 else None
    data = Data.of(y, x, group, frequency, weights, own)
    if own is not None and data.groups > 1:
        raise ValueError("group is given with times of each patient's own; give times common to all, or no group.")
    if data.y.shape[2] == 1:
        chosen = STRUCTURES["us"]
    parameters = chosen.size(data.y.shape[2]) * data.groups
    parts = [_fit(chunk, chosen, method == "REML", data.groups) for chunk in data.chunks(parameters)]
    return _assemble(parts, structure, method)


def _structure(name: str, apart: Floats | None, timed: bool) -> Structure:
    if name == "sp_exp":
        if apart is None:
            raise ValueError("structure is 'sp_exp' without times; give the times of the visits.")
        return spatial_structure(apart if apart.ndim == 2 else apart[0])
    if name not in STRUCTURES:
        raise ValueError(f"structure is {name!r}; there are {', '.join([*STRUCTURES, 'sp_exp'])}. Change structure.")
    if timed:
        raise ValueError(f"times are given with structure {name!r}, which has no use for them; leave them out.")
    return STRUCTURES[name]


def _fit(data: Data, structure: Structure, reml: bool, groups: int) -> Part:
    there = data.moments()
    moments = there.on_host()
    total = (data.y * data.y).sum(axis=(1, 2))
    shift, squares, kept = least_squares(moments)
    if (np.einsum("rbjj->r", squares) < SHIFTED * total).any():
        data = data.shifted(shift)
        there = data.moments()
        moments = there.on_host()
        _, squares, kept = least_squares(moments)
    else:
        shift = np.zeros_like(shift)
    model = Model(structure=structure, groups=groups, reml=reml, kept=kept, distances=data.distances)
    few = moments.n_obs <= kept.sum(axis=1)
    residual = np.einsum("rbjj->r", squares)
    exact = ~few & (residual <= EXACT * total)
    free = determined(moments, model)
    going = free & ~(few | exact)[:, None]
    first = start(moments, model, squares)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        optimum = maximise(there, model, first, going)
        singular = ~optimum.converged & _near_singular(moments, model, optimum.theta)
        theta, at = _settle(there, model, optimum, first)
    at = replace(at, loglik=at.loglik + 0.5 * data.log_weights)
    empty, apart = _unseen(moments)
    reason = first_reason(
        (few, Reason.TOO_FEW),
        (exact, Reason.CONSTANT),
        (singular, Reason.SINGULAR_COVARIANCE),
        (~optimum.converged, Reason.NOT_CONVERGED),
        (empty, Reason.VISIT_EMPTY),
        (apart & (structure.name == "us"), Reason.PAIR_EMPTY),
    )
    return Part(
        data=data,
        shift=shift,
        moments=moments,
        there=there,
        model=model,
        theta=theta,
        free=free,
        optimum=optimum,
        at=at,
        reason=reason,
    )


def _settle(moments: Moments, model: Model, optimum: Optimum, first: Floats) -> tuple[Floats, Evaluation]:
    """The likelihood at the optimum; without one, where the search began, for what is computed but not shown.

    A last step along a flat likelihood that leaves the positive definite matrices takes the convergence back.
    """
    at = evaluate(moments, model, optimum.theta, "observed").on_host()
    optimum.converged[:] &= at.valid & np.isfinite(at.information).all(axis=(1, 2))
    if optimum.converged.all():
        return optimum.theta, at
    theta = np.where(optimum.converged[:, None], optimum.theta, first)
    return theta, evaluate(moments, model, theta, "observed").on_host()


def _unseen(moments: Moments) -> tuple[Mask, Mask]:
    """Whether a visit has no outcome, and whether two visits are never observed in one patient, (replicate,)."""
    there = (moments.counts > 0)[..., None] & moments.mask
    together = np.einsum("rbj,rbk->rjk", there.astype(np.float64), there.astype(np.float64)) > 0
    return ~np.einsum("rjj->rj", together).all(axis=1), ~together.all(axis=(1, 2))


def _near_singular(moments: Moments, model: Model, theta: Floats) -> Mask:
    sigma = model.sigma(theta, moments.visits)
    spread = np.sqrt(np.maximum(np.einsum("rgjj->rgj", sigma), 1e-300))
    correlation = np.nan_to_num(sigma / (spread[..., :, None] * spread[..., None, :]))
    least = np.linalg.eigvalsh(correlation)[..., 0]
    return np.asarray((least < NEAR_SINGULAR).any(axis=1), dtype=np.bool_)


def _assemble(parts: list[Part], structure: str, method: Method) -> MmrmFit:
    def joined(name: str) -> Floats:
        return np.concatenate([getattr(part.moments, name) for part in parts])

    return MmrmFit(
        coefficients=np.concatenate([_coefficients(part) for part in parts]),
        covariance=np.concatenate([shown(part, part.at.covariance) for part in parts]),
        sigma=np.concatenate([_sigma(part) for part in parts]),
        loglik=np.concatenate([np.where(part.broken, np.nan, part.at.loglik) for part in parts]),
        n_obs=joined("n_obs"),
        n_patients=np.concatenate([part.moments.counts.sum(axis=1) for part in parts]),
        n_parameters=np.concatenate([part.free.sum(axis=1).astype(np.float64) for part in parts]),
        converged=np.concatenate([part.optimum.converged for part in parts]),
        steps=np.concatenate([part.optimum.steps for part in parts]),
        path=_paths(parts),
        gradient=np.concatenate([_steepest(part) for part in parts]),
        reason=np.concatenate([part.reason for part in parts]),
        structure=structure,
        method=method,
        parts=tuple(parts),
    )


def _paths(parts: list[Part]) -> Floats:
    longest = max(part.optimum.path.shape[1] for part in parts)
    padded = [
        np.pad(part.optimum.path, ((0, 0), (0, longest - part.optimum.path.shape[1])), constant_values=np.nan)
        + 0.5 * part.data.log_weights[:, None]
        for part in parts
    ]
    return np.concatenate(padded)


def _steepest(part: Part) -> Floats:
    steepest = np.abs(np.where(part.free, part.at.gradient, 0.0)).max(axis=1)
    return np.where(part.broken | (part.reason == Reason.CONSTANT), np.nan, steepest)


def _reported(part: Part) -> Floats:
    sound = ~part.broken[:, None] & (part.reason != Reason.CONSTANT)[:, None]
    if part.model.structure.name != "us":
        return np.where(sound & part.free, part.theta, np.nan)
    sigma = part.model.sigma(part.theta, part.moments.visits)
    theta = reported(part.model.structure).start(sigma.reshape(-1, *sigma.shape[2:])).reshape(len(sigma), -1)
    return np.where(sound & part.free.all(axis=1, keepdims=True), theta, np.nan)


def _coefficients(part: Part) -> Floats:
    return np.where(part.model.kept & ~part.broken[:, None], part.coefficients, np.nan)


def shown(part: Part, covariance: Floats) -> Floats:
    """A covariance matrix of the coefficients: NaN for aliased columns and without an optimum, 0 of an exact fit."""
    both = part.model.kept[:, :, None] & part.model.kept[:, None, :] & ~part.broken[:, None, None]
    exact = (part.reason == Reason.CONSTANT)[:, None, None]
    return np.where(both, np.where(exact, 0.0, covariance), np.nan)


def _sigma(part: Part) -> Floats:
    visits, moments = part.moments.visits, part.moments
    sigma = part.model.sigma(part.theta, visits)
    if part.model.structure.name == "us":
        there = (moments.counts > 0)[..., None] & moments.mask
        for group in range(part.model.groups):
            own = there[:, moments.group == group].astype(np.float64)
            sigma[:, group][np.einsum("rbj,rbk->rjk", own, own) == 0] = np.nan
    sigma[part.broken] = np.nan
    sigma[part.reason == Reason.CONSTANT] = 0.0
    return sigma
