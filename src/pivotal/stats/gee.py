"""Generalised estimating equations: the mean of a binary outcome or a count over visits, with robust variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.batches import part, piecewise
from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.gee_correlation import Correlation, Residuals, working_inverse
from pivotal.stats.logistic import Fitted, fit_logistic
from pivotal.stats.mmrm.design import VisitDesign
from pivotal.stats.poisson import fit_poisson
from pivotal.stats.tables import Mask, first_reason

Family = Literal["binomial", "poisson"]

MAX_STEPS = 50
"""Steps of the scoring; with a sound working correlation it takes 3 to 15."""
LAST_STEP = 1e-8
"""A step this small, in standard errors, is the last: what remains is far below any printed digit."""
SATURATED = 1e-9
"""An eigenvalue of I - H this near to 0 is 0: the patient alone determines a coefficient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeeFit:
    """Generalised estimating equations solved in every replicate, on the LOG ODDS or LOG MEAN scale.

    Attributes
    ----------
    coefficients
        (replicate, column). ±inf under separation, NaN where the patients do not determine it or the fit failed.
    covariance
        The robust (sandwich) covariance, (replicate, column, column).
    model
        The model-based covariance, which holds where the working correlation is the true one.
    bias_reduced
        The robust covariance corrected for few patients (Mancl and DeRouen); NaN where a patient alone determines
        a coefficient.
    correlation
        The working correlation matrix of the visits, (replicate, visit, visit).
    dispersion
        Pearson's, (replicate,).
    patients
        Patients with an outcome, (replicate,).
    converged
        (replicate,)
    reason, coefficient_reason
        (replicate,), of the fit as a whole; (replicate, column).
    """

    coefficients: Floats
    covariance: Floats
    model: Floats
    bias_reduced: Floats
    correlation: Floats
    dispersion: Floats
    patients: Floats
    converged: Mask
    reason: Reasons
    coefficient_reason: Reasons


def fit_gee(
    y: ArrayLike,
    design: VisitDesign | ArrayLike,
    *,
    family: Family = "binomial",
    correlation: Correlation = "exchangeable",
) -> GeeFit:
    """Solve the generalised estimating equations of outcomes at visits, in every replicate.

    Parameters
    ----------
    y
        Outcomes, 0 or 1 or counts, (replicate, patient, visit); NaN where missing. A patient enters with the visits at
        which the outcome is known.
    design
        A `VisitDesign` (see `visit_design`), or in full, (patient, visit, column) or (replicate, patient, visit,
        column), with the intercept's columns and without missing values where an outcome is known.
    family
        "binomial": log odds, variance mu(1 - mu). "poisson": log mean, variance mu.
    correlation
        Working correlation of a patient's visits: "independence", "exchangeable", "ar(1)" (by position of the visits),
        "unstructured".

    Returns
    -------
    GeeFit
        Its `covariance` is the robust one: `wald(fit, column)` gives its tests and limits, `wald(fit, column,
        covariance=fit.bias_reduced)` those for few patients.

    Raises
    ------
    ValueError
        If an outcome is neither missing nor of the family, shapes do not fit, or `correlation` is unknown.

    Notes
    -----
    Liang and Zeger (1986), doi:10.1093/biomet/73.1.13. With D_i = d mu_i / d beta, A_i = diag(v(mu_ij)) and V_i = phi
    A_i^(1/2) R(alpha) A_i^(1/2) the solution of sum_i D_i' V_i^-1 (y_i - mu_i) = 0 by scoring, phi and alpha from
    Pearson residuals e between steps: phi = sum e^2 / (K - p); alpha exchangeable = sum_i sum_(j<k) e_ij e_ik /
    ((N - p) phi), N the number of pairs; likewise over neighbours for "ar(1)" and over the patients of a pair of visits
    for "unstructured". These are the formulas of SAS `PROC GENMOD` (REPEATED) and of R `gee`; R `geepack` divides by
    the numbers without subtracting p, which moves estimates in the third digit or so. The robust covariance is the
    same function in all. `bias_reduced`: Mancl and DeRouen (2001), doi:10.1111/j.0006-341X.2001.00126.x.

    The estimates hold under data missing completely at random; under missing at random only where the working
    correlation is the true one. A mixed model for continuous outcomes, or imputation first, asks for less.

    The iteration starts from the fit under independence, and what that says of separation and of columns that the
    patients cannot tell apart holds here: with `Reason.SEPARATION` in one coefficient the others are NaN with
    `Reason.NOT_CONVERGED`, as the estimating equations then have no solution. A working correlation that is not
    positive definite (`Reason.SINGULAR_COVARIANCE`) is refused: use a simpler one.

    Examples
    --------
    >>> from pivotal.stats import visit_design, wald
    >>> y = [[[0, 0], [0, 1], [1, 1], [1, np.nan], [1, 1], [0, 1], [1, 0], [0, 0]]]
    >>> arm = [[1, 0]] * 4 + [[1, 1]] * 4
    >>> fit = fit_gee(y, visit_design(arm, 2, common=[1]))
    >>> float(wald(fit, 2).estimate[0].round(6)), float(wald(fit, 2).se[0].round(6))
    (-0.380825, 1.147394)
    """
    outcomes = np.asarray(y, dtype=np.float64)
    if outcomes.ndim != 3:
        raise ValueError(f"y has {outcomes.ndim} axes; it is (replicate, patient, visit). Give y[None] for one trial.")
    _check(outcomes, family)
    replicates, patients, visits = outcomes.shape
    x = design if isinstance(design, VisitDesign) else np.asarray(design, dtype=np.float64)
    width = patients * visits * (x.columns if isinstance(x, VisitDesign) else x).shape[-1]

    def fit(rows: slice) -> GeeFit:
        if isinstance(x, VisitDesign):
            full = VisitDesign(part(x.x, rows, 3), x.columns).rows()
        else:
            full = part(x, rows, 4)
        return _fit(outcomes[rows], np.broadcast_to(full, (len(outcomes[rows]), *full.shape[-3:])), family, correlation)

    return piecewise(fit, replicates, width)


def _check(outcomes: Floats, family: Family) -> None:
    known = outcomes[~np.isnan(outcomes)]
    if family == "binomial" and not np.isin(known, (0.0, 1.0)).all():
        raise ValueError("y holds other values than 0 and 1; a binomial outcome is one of them. Change family or y.")
    if family == "poisson" and ((known < 0) | ~np.isfinite(known)).any():
        raise ValueError("y holds negative or infinite values; counts are neither. Correct y.")


@dataclass(slots=True)
class _State:
    """The equations near some coefficients: root-weighted design, residuals, and what they sum to."""

    x: Floats
    residuals: Residuals
    inverse: Floats
    correlation: Floats
    bread: Floats
    score: Floats


def _fit(y: Floats, x: Floats, family: Family, correlation: Correlation) -> GeeFit:
    seen = ~np.isnan(y)
    x = np.where(seen[..., None], x, 0.0)
    start = _independent(np.where(seen, y, np.nan), x, family)
    away = (start.coefficient_reason == Reason.SEPARATION).any(axis=1)
    kept = start.coefficient_reason == Reason.NONE
    usable = ~away & start.converged & kept.any(axis=1)
    x = x * (kept & usable[:, None])[:, None, None, :]
    beta = np.where(kept & usable[:, None], np.nan_to_num(start.coefficients, posinf=0.0, neginf=0.0), 0.0)
    beta, converged = _solve(y, x, beta, kept, family, correlation, usable)
    state = _state(y, x, beta, kept, family, correlation)
    definite = np.linalg.eigvalsh(state.correlation)[:, 0] > 0
    good = usable & converged & definite
    reasons = _reasons(start, good, usable, definite)
    covariances = _covariances(state, kept, good)
    return GeeFit(
        coefficients=_shown(start, beta, kept, good),
        covariance=covariances[0],
        model=covariances[1],
        bias_reduced=covariances[2],
        correlation=np.where(good[:, None, None], state.correlation, np.nan),
        dispersion=np.where(good, state.residuals.dispersion, np.nan),
        patients=seen.any(axis=2).sum(axis=1).astype(np.float64),
        converged=good,
        reason=_whole(reasons, seen),
        coefficient_reason=reasons,
    )


def _independent(y: Floats, x: Floats, family: Family) -> Fitted:
    """The fit that takes a patient's visits as independent; its errors are not used."""
    replicates, patients, visits, columns = x.shape
    flat = x.reshape(replicates, patients * visits, columns)
    outcome = y.reshape(replicates, -1)
    known = ~np.isnan(outcome)
    if family == "binomial":
        return fit_logistic(np.where(known, outcome, 0.0), known.astype(np.float64), flat)
    return fit_poisson(outcome, np.ones_like(outcome), flat, known)


def _solve(
    y: Floats, x: Floats, beta: Floats, kept: Mask, family: Family, correlation: Correlation, usable: Mask
) -> tuple[Floats, Mask]:
    """Scoring, until the last replicate has arrived; a replicate that has arrived is left alone."""
    beta, converged = beta.copy(), np.zeros(len(y), dtype=np.bool_)
    going = np.flatnonzero(usable)
    for _ in range(MAX_STEPS):
        if going.size == 0:
            break
        state = _state(y[going], x[going], beta[going], kept[going], family, correlation)
        step = np.linalg.solve(state.bread, state.score[..., None])[..., 0]
        sound = np.isfinite(step).all(axis=1)
        beta[going[sound]] += step[sound]
        gain = (step * state.score).sum(axis=1) / np.maximum(state.residuals.dispersion, np.finfo(np.float64).tiny)
        arrived = sound & (np.abs(gain) < LAST_STEP**2)
        converged[going[arrived]] = True
        going = going[sound & ~arrived]
    return beta, converged


def _state(y: Floats, x: Floats, beta: Floats, kept: Mask, family: Family, correlation: Correlation) -> _State:
    seen = ~np.isnan(y)
    eta = np.clip((x @ beta[:, None, :, None])[..., 0], -30.0, 30.0)  # beyond, a probability is 0 or 1 in print
    mean = 1 / (1 + np.exp(-eta)) if family == "binomial" else np.exp(eta)
    root = np.sqrt(mean * (1 - mean) if family == "binomial" else mean)
    error = np.where(seen, (y - mean) / root, 0.0)
    residuals = Residuals.of(error, seen, kept.sum(axis=1))
    matrix, inverse = working_inverse(residuals, correlation)
    weighted = x * np.where(seen, root, 0.0)[..., None]
    across = inverse @ weighted  # (replicate, patient, visit, column)
    bread = np.einsum("rija,rijb->rab", weighted, across, optimize=True)
    bread[:, np.arange(bread.shape[1]), np.arange(bread.shape[1])] += ~(kept & (np.abs(x).max(axis=(1, 2)) > 0))
    score = np.einsum("rija,rij->ra", across, error, optimize=True)
    return _State(weighted, residuals, inverse, matrix, bread, score)


def _covariances(state: _State, kept: Mask, good: Mask) -> tuple[Floats, Floats, Floats]:
    """Robust, model-based and bias-reduced covariances; NaN where there is none."""
    bread = np.linalg.inv(np.where(good[:, None, None], state.bread, np.eye(state.bread.shape[1])))
    across = state.inverse @ state.x
    error = state.residuals.error
    lever = state.x @ bread[:, None] @ np.swapaxes(across, -1, -2)  # H in Pearson's scale
    rest = np.eye(error.shape[2]) - lever
    smallest = np.abs(np.linalg.det(rest))
    alone = (smallest < SATURATED).any(axis=1)
    inflated = np.linalg.solve(
        np.where((smallest < SATURATED)[..., None, None], np.eye(error.shape[2]), rest), error[..., None]
    )
    robust = _sandwich(bread, np.einsum("rija,rij->ria", across, error))
    reduced = _sandwich(bread, np.einsum("rija,rij->ria", across, inflated[..., 0]))
    reduced = np.where(alone[:, None, None], np.nan, reduced)
    model = bread * state.residuals.dispersion[:, None, None]
    there = (kept[:, :, None] & kept[:, None, :]) & good[:, None, None]
    return tuple(np.where(there, each, np.nan) for each in (robust, model, reduced))  # type: ignore[return-value]


def _sandwich(bread: Floats, scores: Floats) -> Floats:
    return np.asarray(bread @ (np.swapaxes(scores, -1, -2) @ scores) @ bread)


def _shown(start: Fitted, beta: Floats, kept: Mask, good: Mask) -> Floats:
    found = np.where(kept & good[:, None], beta, np.nan)
    runs = start.coefficient_reason == Reason.SEPARATION
    return np.where(runs, start.coefficients, found)


def _reasons(start: Fitted, good: Mask, usable: Mask, definite: Mask) -> Reasons:
    """Why a coefficient is not a number, (replicate, column)."""
    own = start.coefficient_reason
    lost = np.where(usable & ~definite, Reason.SINGULAR_COVARIANCE, Reason.NOT_CONVERGED).astype(np.uint8)
    return np.where((own == Reason.NONE) & ~good[:, None], lost[:, None], own).astype(np.uint8)


def _whole(reasons: Reasons, seen: NDArray[np.bool_]) -> Reasons:
    nobody = ~seen.any(axis=(1, 2))
    told = (Reason.SEPARATION, Reason.SINGULAR_COVARIANCE, Reason.NOT_CONVERGED)
    conditions = [(np.asarray((reasons == each).any(axis=1), dtype=np.bool_), each) for each in told]
    return first_reason((np.asarray(nobody, dtype=np.bool_), Reason.TOO_FEW), *conditions)
