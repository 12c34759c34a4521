"""Which means of a mixed model the outcomes observed determine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.imputation.reference_model import ReferenceModel
from pivotal.stats.mmrm import VisitDesign, fit_mmrm
from pivotal.stats.sweep import ESTIMABLE, sweep
from pivotal.stats.tables import Mask


@dataclass(frozen=True, slots=True)
class Determined:
    """What a trial's own outcomes determine.

    Attributes
    ----------
    columns
        Columns of the design that do not depend on others in the outcomes observed, (replicate, column).
    sound
        Whether the model can be fitted, (replicate,).
    nulls
        Directions of the coefficients that the outcomes leave open, by visit and covariate, (replicate, direction,
        visit, covariate): a mean that moves along one of them is not determined.
    """

    columns: Mask
    sound: Mask
    nulls: Floats

    @classmethod
    def of(cls, model: ReferenceModel) -> Determined:
        """Fit the model to the trial as it is."""
        fit = fit_mmrm(model.modelled, model.own, method=model.fit)
        lost = np.asarray(np.isnan(fit.coefficients), dtype=np.bool_)
        none = np.asarray(lost.all(axis=1), dtype=np.bool_)
        sound = ~none & np.asarray(np.isfinite(fit.sigma).all(axis=(1, 2, 3)))
        open_ = lost & ~none[:, None]
        nulls = np.zeros((len(lost), 0, *model.own.columns.shape[:2]))
        if open_.any():
            nulls = _nulls(model)
        return cls(~open_, sound, nulls)

    def take(self, rows: np.ndarray) -> Determined:
        """Some replicates."""
        return Determined(self.columns[rows], self.sound[rows], self.nulls[rows])

    def undetermined(self, x: Floats) -> Mask:
        """Means at covariates (replicate, patient, covariate) that are not determined, (replicate, patient, visit)."""
        along = np.einsum("rna,rbja->rbnj", x, self.nulls)
        size = np.abs(x).max(axis=(1, 2), initial=0.0) * np.abs(self.nulls).max(axis=(1, 2, 3), initial=0.0)
        return np.asarray((np.abs(along) > ESTIMABLE * size[:, None, None, None]).any(axis=1), dtype=np.bool_)


def _nulls(model: ReferenceModel) -> Floats:
    """The null space of the rows of the design that have an outcome, by visit and covariate."""
    columns = model.own.columns
    x = np.broadcast_to(model.own.x, (model.replicates, *model.own.x.shape[-2:]))
    seen = ~np.isnan(model.modelled)
    gram = np.zeros((model.replicates, columns.shape[2], columns.shape[2]))
    for visit, wide in enumerate(columns):
        rows = np.where(seen[:, :, visit, None], x, 0.0) @ wide
        gram += np.swapaxes(rows, 1, 2) @ rows
    swept = sweep(np.ascontiguousarray(np.moveaxis(gram, 0, -1)))
    # e_a - sum_k matrix[k, a] e_k over the kept k, for every aliased a
    unit = np.eye(len(swept.kept))[:, :, None]
    basis = np.where(swept.kept[None], 0.0, unit - np.where(swept.kept[:, None], swept.matrix, 0.0))
    basis = np.where(~swept.kept[:, None] & (unit == 0), 0.0, basis)
    return np.asarray(np.einsum("jac,cbr->rbja", columns, basis), dtype=np.float64)


def covariates_of(design: VisitDesign, chosen: np.ndarray) -> Floats:
    """Covariates of some patients, (replicate, patient, covariate)."""
    if design.x.ndim == 2:
        return np.asarray(design.x[chosen], dtype=np.float64)
    return np.take_along_axis(design.x, chosen[..., None], axis=1)
