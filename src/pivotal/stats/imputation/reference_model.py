"""The model of reference-based imputation: outcomes, designs by own and by reference arm, events and strategies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.imputation.folding import by_replicate
from pivotal.stats.imputation.strategies import CODES, Strategy, Whole
from pivotal.stats.mmrm import VisitDesign
from pivotal.stats.mmrm.design import collapse

Fit = Literal["REML", "ML"]
# Numbers of the largest array worked on at a time.
CHUNK_NUMBERS = 2**22


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

    def take(self, rows: slice | Whole) -> ReferenceModel:
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


def _rows(design: VisitDesign, rows: slice | Whole) -> VisitDesign:
    return VisitDesign(design.x[rows], design.columns) if design.x.ndim == 3 else design


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
