"""Reference-based imputation: the model, its draws, and the data sets that they complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.imputation.bootstrap import bootstrap_counts
from pivotal.stats.imputation.conditional import Whole, complete
from pivotal.stats.imputation.folding import by_replicate
from pivotal.stats.imputation.strategies import CODES, Strategy, joined_covariance, joined_mean
from pivotal.stats.mmrm import VisitDesign, fit_mmrm
from pivotal.stats.mmrm.design import collapse
from pivotal.stats.tables import Mask

Fit = Literal["REML", "ML"]
# Numbers of the largest array worked on at a time.
CHUNK_NUMBERS = 2**22
# How often a bootstrap sample whose fit fails is drawn anew. rbmi gives up when more than 1 % fail.
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceModel:
    """A trial with missing outcomes, the model for them, and what is assumed after intercurrent events.

    Make it with `reference_model`.

    Attributes
    ----------
    y
        Outcomes, (replicate, patient, visit); NaN where missing.
    own, reference
        The design at the patients' own arms and, the same patients, at their reference arms.
    arm
        (replicate, patient)
    event
        First visit at or after the intercurrent event, the number of visits where there is none, (replicate, patient).
    strategy
        `Strategy` codes, (replicate, patient).
    group, reference_group
        Whose covariance matrix a patient has by the own and by the reference arm, (replicate, patient); all 0 where
        arms share one.
    fit
        ``REML`` or ``ML``.
    """

    y: Floats
    own: VisitDesign
    reference: VisitDesign
    arm: Whole
    event: Whole
    strategy: Whole
    group: Whole
    reference_group: Whole
    fit: Fit

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return len(self.y)

    @property
    def modelled(self) -> Floats:
        """Outcomes that the model is fitted to: without those after the event of a patient not assumed MAR."""
        after = np.arange(self.y.shape[2]) >= self.event[..., None]
        return np.where(after & (self.strategy != Strategy.MAR)[..., None], np.nan, self.y)

    def under(self, strategy: ArrayLike) -> ReferenceModel:
        """The same model with another strategy, for all patients or (patient,)."""
        return replace(self, strategy=_strategies(strategy, self.event.shape))

    def take(self, rows: slice) -> ReferenceModel:
        """Some replicates."""
        return replace(
            self,
            y=self.y[rows],
            own=_rows(self.own, rows),
            reference=_rows(self.reference, rows),
            **{name: getattr(self, name)[rows] for name in ("arm", "event", "strategy", "group", "reference_group")},
        )

    def chunks(self, draws: int) -> Iterator[ReferenceModel]:
        """The replicates in runs that bound memory with so many draws in each."""
        patients, visits = self.y.shape[1:]
        run = max(1, CHUNK_NUMBERS // max(1, draws * patients * visits))
        for first in range(0, self.replicates, run):
            yield self.take(slice(first, first + run))


def reference_model(
    y: ArrayLike,
    own: VisitDesign | ArrayLike,
    reference: VisitDesign | ArrayLike,
    *,
    arm: ArrayLike,
    event: ArrayLike | None = None,
    strategy: ArrayLike = "MAR",
    group: ArrayLike | None = None,
    reference_group: ArrayLike | None = None,
    fit: Fit = "REML",
) -> ReferenceModel:
    """State a model for reference-based imputation.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient, visit); NaN where missing.
    own
        The design of the mixed model at the patients' own arms: a `VisitDesign` (see `visit_design`), or in full,
        (patient, visit, column) or (replicate, patient, visit, column), without missing values.
    reference
        The same with every patient's arm changed to the patient's reference arm (usually the control for all).
    arm
        Arm of each patient, (patient,) or (replicate, patient): the strata of the bootstrap.
    event
        First visit (0, 1, ...) at or after the intercurrent event, the number of visits where there is none, (patient,)
        or (replicate, patient). If None, `last_observed` says: the visit after the last one observed.
    strategy
        A `Strategy`, or one of the names ``MAR``, ``JR`` (or ``J2R``), ``CR``, ``CIR``, ``LMCF``; for all patients or
        each.
    group, reference_group
        Groups with their own covariance matrix (usually the arms), by own and by reference arm, (patient,) or
        (replicate, patient); one matrix for all if None.
    fit
        ``REML`` or ``ML``.

    Returns
    -------
    ReferenceModel

    Raises
    ------
    ValueError
        If shapes do not fit, a design is not finite, or a strategy is unknown.

    Examples
    --------
    >>> from pivotal.stats import visit_design
    >>> treated = np.array([0.0, 1.0, 1.0])
    >>> own = visit_design(np.stack([np.ones(3), treated], axis=1), 2)
    >>> control = visit_design(np.stack([np.ones(3), np.zeros(3)], axis=1), 2)
    >>> y = [[[1.0, 2.0], [1.5, np.nan], [0.5, 1.0]]]
    >>> model = reference_model(y, own, control, arm=treated.astype(int), strategy="JR")
    >>> model.event.tolist()
    [[2, 1, 2]]
    """
    outcomes = np.asarray(y, dtype=np.float64)
    if outcomes.ndim != 3:
        raise ValueError(f"y has {outcomes.ndim} axes; it is (replicate, patient, visit). Give y[None] for one trial.")
    replicates, patients, visits = outcomes.shape
    if fit not in ("REML", "ML"):
        raise ValueError(f"fit is {fit!r}; it is 'REML' or 'ML'. Change fit.")
    if (group is None) != (reference_group is None):
        raise ValueError("group and reference_group go together; give both, or neither for one covariance matrix.")
    nobody = np.zeros(patients, dtype=np.int64)
    own_design, reference_design = _designs(own, reference, patients, visits)
    given = last_observed(outcomes) if event is None else event
    shape = (replicates, patients)
    return ReferenceModel(
        y=outcomes,
        own=own_design,
        reference=reference_design,
        arm=_codes(arm, shape, "arm"),
        event=np.clip(_codes(given, shape, "event"), 0, visits),
        strategy=_strategies(strategy, shape),
        group=_codes(nobody if group is None else group, shape, "group"),
        reference_group=_codes(nobody if reference_group is None else reference_group, shape, "reference_group"),
        fit=fit,
    )


def last_observed(y: ArrayLike) -> Whole:
    """The visit after the last one observed, the number of visits where that is the last: a dropout's event.

    What is missing before it is intermittent. A patient never observed has the event at visit 0.

    Parameters
    ----------
    y
        (..., visit); NaN where missing.

    Examples
    --------
    >>> last_observed([[1.0, np.nan, 2.0, np.nan], [1.0, np.nan, 2.0, 3.0], [np.nan] * 4]).tolist()
    [3, 4, 0]
    """
    seen = ~np.isnan(np.asarray(y, dtype=np.float64))
    visits = seen.shape[-1]
    return np.where(seen.any(axis=-1), visits - np.argmax(seen[..., ::-1], axis=-1), 0).astype(np.int64)


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
    """

    coefficients: Floats
    sigma: Floats
    reason: Reasons
    redrawn: Whole


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
        bootstrap samples in a row; `Reason.NO_MEAN_TO_CARRY` where the last mean is to be carried forward from before
        the first visit. Without anything missing the data sets are copies.

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
    known = _known(model)
    found = fitted_parameters(model, counts, known)
    redrawn = np.zeros(model.replicates, dtype=np.int64)
    for _ in range(ATTEMPTS):
        failed = found.reason != 0
        if not failed.any():
            break
        rows = np.flatnonzero(failed.any(axis=1))
        redrawn += failed.sum(axis=1)
        some = _pick(model, rows)
        again = fitted_parameters(some, bootstrap_counts(some.arm, samples, rng), known[rows])
        for name in ("coefficients", "sigma", "reason"):
            place = getattr(found, name)
            place[failed] = getattr(again, name)[failed[rows]]
    return replace(found, redrawn=redrawn)


def fitted_parameters(model: ReferenceModel, counts: Floats, known: Mask) -> Parameters:
    """Fit the model with every patient counted so often, (replicate, draw, patient).

    `known` are the columns that all patients determine, (replicate, column): the others are left out throughout.
    """
    replicates, draws, patients = counts.shape
    repeated = np.repeat(model.modelled, draws, axis=0)
    own = model.own
    if own.x.ndim == 3:
        own = VisitDesign(np.repeat(own.x, draws, axis=0), own.columns)
    grouped = bool(model.group.any() or model.reference_group.any())
    fit = fit_mmrm(
        repeated,
        own,
        method=model.fit,
        group=np.repeat(model.group, draws, axis=0) if grouped else None,
        frequency=counts.reshape(replicates * draws, patients),
    )
    coefficients = fit.coefficients.reshape(replicates, draws, -1)
    coefficients = np.where(known[:, None], coefficients, 0.0)
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
    )


def _known(model: ReferenceModel) -> Mask:
    """Columns of the design that the trial's own patients determine, (replicate, column)."""
    fit = fit_mmrm(model.modelled, model.own, method=model.fit)
    none = np.isnan(fit.coefficients).all(axis=1, keepdims=True)
    return np.asarray(~np.isnan(fit.coefficients) | none, dtype=np.bool_)


def _impute(model: ReferenceModel, drawn: Parameters, rng: np.random.Generator | None) -> Imputed:
    """Complete the incomplete patients of every replicate."""
    seen = ~np.isnan(model.y)
    chosen = _incomplete(seen)
    part = _Part.of(model, chosen)
    mean = part.mean(drawn.coefficients)
    reason = drawn.reason.copy()
    stuck = np.isnan(mean).any(axis=(2, 3)) & (reason == 0)
    reason[stuck] = Reason.NO_MEAN_TO_CARRY
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

    def mean(self, coefficients: Floats) -> Floats:
        """(replicate, draw, patient, visit)"""
        own, reference = (self._predicted(d, coefficients) for d in (self.model.own, self.model.reference))
        return joined_mean(own, reference, self.event[:, None], self.strategy[:, None])

    def _predicted(self, design: VisitDesign, coefficients: Floats) -> Floats:
        if design.x.ndim == 2:
            x = design.x[self.chosen]
        else:
            x = np.take_along_axis(design.x, self.chosen[..., None], axis=1)
        return np.asarray(x[:, None] @ np.swapaxes(coefficients, -1, -2), dtype=np.float64)

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


def _rows(design: VisitDesign, rows: slice | Whole) -> VisitDesign:
    return VisitDesign(design.x[rows], design.columns) if design.x.ndim == 3 else design


def _pick(model: ReferenceModel, rows: Whole) -> ReferenceModel:
    return model.take(rows)  # type: ignore[arg-type]


def _designs(
    own: VisitDesign | ArrayLike, reference: VisitDesign | ArrayLike, patients: int, visits: int
) -> tuple[VisitDesign, VisitDesign]:
    """Both designs as covariates with the same columns."""
    if isinstance(own, VisitDesign) != isinstance(reference, VisitDesign):
        raise ValueError("own and reference are designs of two kinds; give both in full or both as a VisitDesign.")
    if isinstance(own, VisitDesign) and isinstance(reference, VisitDesign):
        if own.columns.shape != reference.columns.shape or (own.columns != reference.columns).any():
            raise ValueError("own and reference use their covariates differently; only the arm's may differ.")
        return _checked(own, patients, visits, "own"), _checked(reference, patients, visits, "reference")
    both = [_full(design, patients, visits, name) for design, name in ((own, "own"), (reference, "reference"))]
    if both[0].shape != both[1].shape:
        raise ValueError(f"own has the shape {both[0].shape}, reference {both[1].shape}; they must be alike.")
    together = np.concatenate(both, axis=-3)
    joint = collapse(together) or _spread(together)
    return tuple(VisitDesign(part, joint.columns) for part in np.split(joint.x, 2, axis=-2))  # type: ignore[return-value]


def _checked(design: VisitDesign, patients: int, visits: int, name: str) -> VisitDesign:
    if design.x.shape[-2] != patients or len(design.columns) != visits:
        raise ValueError(f"{name} has {design.x.shape[-2]} patients at {len(design.columns)} visits, y otherwise.")
    if not np.isfinite(design.x).all():
        raise ValueError(f"{name} has covariates that are not finite; impute or leave out such patients first.")
    return design


def _full(design: VisitDesign | ArrayLike, patients: int, visits: int, name: str) -> Floats:
    rows = np.asarray(design, dtype=np.float64)
    if rows.ndim not in (3, 4) or rows.shape[-3:-1] != (patients, visits):
        raise ValueError(f"{name} has the shape {rows.shape}; it is ([replicate,] patient, visit, column) as y.")
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} has covariates that are not finite; impute or leave out such patients first.")
    return rows


def _spread(rows: Floats) -> VisitDesign:
    """A design in full as covariates: each visit's columns stand beside each other."""
    visits, width = rows.shape[-2:]
    x = rows.reshape(*rows.shape[:-2], visits * width)
    columns = np.zeros((visits, visits * width, width))
    for visit in range(visits):
        columns[visit, visit * width : (visit + 1) * width] = np.eye(width)
    return VisitDesign(x, columns)


def _codes(values: ArrayLike, shape: tuple[int, int], name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.shape not in (shape, shape[1:]):
        raise ValueError(f"{name} has the shape {array.shape}; it is (patient,) or (replicate, patient) as y.")
    return np.ascontiguousarray(by_replicate(array, 2, shape[0])).astype(np.int64)


def _strategies(strategy: ArrayLike, shape: tuple[int, int]) -> Whole:
    given = np.asarray(strategy)
    if given.dtype.kind in "US":
        names = np.unique(given)
        unknown = [str(name) for name in names if str(name) not in CODES]
        if unknown:
            raise ValueError(f"strategy is {unknown[0]!r}; there are {', '.join(CODES)}. Change strategy.")
        given = np.vectorize(lambda name: int(CODES[str(name)]), otypes=[np.int64])(given)
    if given.min(initial=0) < 0 or given.max(initial=0) > max(Strategy):
        raise ValueError("strategy has a code that is none of Strategy's. Change strategy.")
    return np.ascontiguousarray(np.broadcast_to(given, shape)).astype(np.int64)
