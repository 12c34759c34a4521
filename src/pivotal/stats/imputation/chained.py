"""Multiple imputation by fully conditional specification (chained equations)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.imputation.convergence import r_hat
from pivotal.stats.imputation.folding import by_replicate
from pivotal.stats.imputation.ordinal_draws import draw_ordinal
from pivotal.stats.imputation.regression_draws import Drawn, Regression, draw_binary, draw_matched, draw_normal
from pivotal.stats.tables import Mask, divide

Whole = NDArray[np.int64]
Draw = Callable[[Regression, np.random.Generator], Drawn]
KINDS: Mapping[str, Draw] = MappingProxyType(
    {"normal": draw_normal, "matched": draw_matched, "binary": draw_binary, "ordinal": draw_ordinal}
)
"""How a variable is imputed, by name."""
# Numbers of the largest array worked on at a time.
CHUNK_NUMBERS = 2**23


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """Data sets completed by chained equations.

    Attributes
    ----------
    y
        (replicate, imputation, patient, variable)
    missing
        What was filled in, (replicate, patient, variable).
    mean, sd
        Of the imputed values of each variable after each iteration, (replicate, imputation, iteration, variable); NaN
        where nothing is missing (and for `sd` where one value is). Plotted against the iteration they show whether the
        chains mix and have forgotten where they began.
    r_hat
        Gelman and Rubin's potential scale reduction of `mean` over the second half of the iterations, (replicate,
        variable): near 1 where chains have converged. NaN with one imputation or fewer than four iterations.
    reason
        (replicate,). `Reason.TOO_FEW` where a variable has too few values observed for its regression, or none,
        `Reason.ALIASED` where patients are to be imputed of whom those observed tell nothing (an arm in which the
        variable was never observed), `Reason.NOT_CONVERGED` where a logistic or proportional odds regression has not
        converged: what is missing of it stays NaN.
    """

    y: Floats
    missing: Mask
    mean: Floats
    sd: Floats
    r_hat: Floats
    reason: Reasons


def impute_chained(
    y: ArrayLike,
    kinds: Sequence[str],
    imputations: int,
    rng: np.random.Generator,
    *,
    covariates: ArrayLike | None = None,
    predictors: ArrayLike | None = None,
    sequence: Sequence[int] | None = None,
    iterations: int = 20,
    by: ArrayLike | None = None,
) -> Chained:
    """Impute variables that are missing here and there, each from a regression on all the others, in turns.

    Parameters
    ----------
    y
        Variables with missing values, (replicate, patient, variable); NaN where missing. Binary ones are 0 and 1,
        ordered ones 0, 1, 2, ...
    kinds
        For each variable: ``normal`` (Bayesian linear regression), ``matched`` (predictive mean matching), ``binary``
        (logistic regression), or ``ordinal`` (proportional odds).
    imputations
        Their number, M: as many chains run side by side, from different starts.
    rng
        Source of random numbers. The same state gives the same bits.
    covariates
        Complete variables that stand in every regression (arm, strata, baseline), without an intercept's column,
        (patient, column) or (replicate, patient, column).
    predictors
        Which variable (column) is used for which (row), (variable, variable); all others if None.
    sequence
        The order in which variables are visited; as they stand if None.
    iterations
        Rounds before the imputations are taken: all of it is burn-in, as each chain gives one imputation.
    by
        Groups (arms) within which everything is done separately, (patient,) or (replicate, patient).

    Returns
    -------
    Chained

    Raises
    ------
    ValueError
        If shapes do not fit, a kind is unknown, a variable's values are not those of its kind, or a covariate is not
        finite.

    Notes
    -----
    Van Buuren (2007), doi:10.1177/0962280206074463; White, Royston and Wood (2011), doi:10.1002/sim.4067. Missing
    values begin as random picks among those observed. Linear regressions have the prior 1 / sigma^2, logistic and
    proportional odds regressions take a normal draw about the maximum likelihood estimate, augmented against
    separation. An ordinal variable stands in the other regressions as indicators of its levels. As R's mice with
    ``norm``, ``pmm``, ``logreg`` and ``polr`` (mice runs one chain an imputation too, 5 iterations by default) and SAS
    `PROC MI` ``FCS`` with ``REG``, ``REGPMM`` and ``LOGISTIC`` (20 iterations). Regressions of the outcome on
    covariates that the analysis has and the imputation lacks are biased to no effect: the arm must be among the
    covariates, or in `by`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> first = rng.normal(size=200)
    >>> y = np.stack([first, first + rng.normal(size=200)], axis=1)
    >>> y[::4, 1] = np.nan
    >>> found = impute_chained(y[None], ["normal", "normal"], 5, rng)
    >>> found.y.shape, bool(np.isnan(found.y).any())
    ((1, 5, 200, 2), False)
    """
    data = _Data.of(y, kinds, imputations, covariates, predictors, sequence, by)
    if iterations < 1:
        raise ValueError(f"iterations is {iterations}; there is at least 1. Change iterations.")
    run = max(1, CHUNK_NUMBERS // max(1, imputations * data.y.shape[1] * data.width))
    parts = [
        _run(data.take(slice(first, first + run)), imputations, iterations, rng) for first in range(0, len(data.y), run)
    ]
    names = ("y", "missing", "mean", "sd", "r_hat", "reason")
    return Chained(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def impute_monotone(
    y: ArrayLike,
    kinds: Sequence[str],
    imputations: int,
    rng: np.random.Generator,
    *,
    covariates: ArrayLike | None = None,
    by: ArrayLike | None = None,
) -> Chained:
    """Impute monotone missing data (dropout), every variable from those before it, once: no iteration is needed.

    Parameters
    ----------
    y
        (replicate, patient, variable), the variables in the order in which patients are lost.
    kinds, imputations, rng, covariates, by
        As in `impute_chained`.

    Returns
    -------
    Chained
        `Reason.NOT_MONOTONE` where a patient has a value after a missing one: what is missing stays NaN.

    Raises
    ------
    ValueError
        As `impute_chained`.

    Notes
    -----
    Rubin (1987), section 5.4. As SAS `PROC MI` ``MONOTONE``. For data that are nearly monotone SAS users impute first
    what breaks the pattern (``MCMC IMPUTE=MONOTONE``; here `impute_normal` with ``fill="monotone"``, whose result is
    folded into replicates and given to this function with one imputation each).

    Examples
    --------
    >>> y = np.array([[[1.0, 2.0], [2.0, 3.5], [3.0, 6.5], [4.0, 8.0], [2.5, np.nan]]])
    >>> found = impute_monotone(y, ["normal", "normal"], 2, np.random.default_rng(1))
    >>> bool(np.isfinite(found.y).all())
    True
    """
    data = np.asarray(y, dtype=np.float64)
    size = data.shape[-1]
    found = impute_chained(
        data,
        kinds,
        imputations,
        rng,
        covariates=covariates,
        predictors=np.tril(np.ones((size, size), dtype=np.bool_), -1),
        iterations=1,
        by=by,
    )
    seen = ~found.missing
    broken = np.asarray((seen[..., 1:] & ~seen[..., :-1]).any(axis=(1, 2)), dtype=np.bool_)
    values = np.where(broken[:, None, None, None] & found.missing[:, None], np.nan, found.y)
    reason = np.where(broken, np.uint8(Reason.NOT_MONOTONE), found.reason)
    return Chained(y=values, missing=found.missing, mean=found.mean, sd=found.sd, r_hat=found.r_hat, reason=reason)


@dataclass(frozen=True, slots=True)
class _Data:
    """What is imputed, checked."""

    y: Floats
    kinds: Sequence[str]
    levels: Sequence[int]
    covariates: Floats
    predictors: Mask
    sequence: Sequence[int]
    by: Whole

    @classmethod
    def of(
        cls,
        y: ArrayLike,
        kinds: Sequence[str],
        imputations: int,
        covariates: ArrayLike | None,
        predictors: ArrayLike | None,
        sequence: Sequence[int] | None,
        by: ArrayLike | None,
    ) -> _Data:
        values = np.asarray(y, dtype=np.float64)
        if values.ndim != 3 or values.shape[2] != len(kinds):
            raise ValueError(
                f"y has the shape {values.shape} with {len(kinds)} kinds; it is (replicate, patient, variable) with a "
                "kind for each variable. Give y[None] for one trial."
            )
        if imputations < 1:
            raise ValueError(f"imputations is {imputations}; there is at least 1. Change imputations.")
        replicates, patients, size = values.shape
        extra = np.zeros((patients, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
        if extra.shape[-2:-1] != (patients,) or not np.isfinite(extra).all():
            raise ValueError("covariates are ([replicate,] patient, column) as y, without missing values.")
        used = np.ones((size, size), dtype=np.bool_) if predictors is None else np.asarray(predictors, dtype=np.bool_)
        order = list(range(size)) if sequence is None else list(sequence)
        left = [place for place in range(size) if place not in order and np.isnan(values[..., place]).any()]
        if left:
            raise ValueError(f"sequence leaves out variable {left[0]}, which has missing values. Add it.")
        return cls(
            y=values,
            kinds=kinds,
            levels=[_levels(kind, values[..., place], place) for place, kind in enumerate(kinds)],
            covariates=_scaled(by_replicate(extra, 3, replicates)),
            predictors=used & ~np.eye(size, dtype=np.bool_),
            sequence=order,
            by=by_replicate(np.zeros(patients) if by is None else by, 2, replicates).astype(np.int64),
        )

    def take(self, rows: slice) -> _Data:
        """Some replicates."""
        return _Data(
            self.y[rows],
            self.kinds,
            self.levels,
            self.covariates[rows],
            self.predictors,
            self.sequence,
            self.by[rows],
        )

    @property
    def width(self) -> int:
        """Columns of the design of all variables."""
        return int(self.covariates.shape[2]) + 1 + sum(self.columns_of(place) for place in range(len(self.kinds)))

    def columns_of(self, place: int) -> int:
        """Columns by which a variable stands in the other regressions."""
        return self.levels[place] - 1 if self.kinds[place] == "ordinal" else 1

    def slices(self) -> list[slice]:
        """Where each variable's columns stand in the design."""
        first = 1 + self.covariates.shape[2]
        found = []
        for place in range(len(self.kinds)):
            found.append(slice(first, first + self.columns_of(place)))
            first += self.columns_of(place)
        return found


def _levels(kind: str, values: Floats, place: int) -> int:
    """Levels of a categorical variable, 0 for a continuous one."""
    if kind not in KINDS:
        raise ValueError(f"kinds[{place}] is {kind!r}; there are {', '.join(KINDS)}. Change kinds.")
    seen = values[~np.isnan(values)]
    if kind == "binary" and not np.isin(seen, (0.0, 1.0)).all():
        raise ValueError(f"variable {place} is binary and has values other than 0 and 1. Code it so.")
    if kind == "ordinal":
        if (seen < 0).any() or (seen != np.floor(seen)).any():
            raise ValueError(f"variable {place} is ordinal and has values other than 0, 1, 2, ... Code it so.")
        return max(2, int(seen.max(initial=0)) + 1)
    return 2 if kind == "binary" else 0


def _scaled(x: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1, which no regression with an intercept minds."""
    mean, sd = x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)
    return np.asarray((x - mean) / np.where(sd > 0, sd, 1.0), dtype=np.float64)


@dataclass(slots=True)
class _Chains:
    """All chains under way: replicate times imputation."""

    data: _Data
    values: Floats
    observed: Mask
    design: Floats
    centre: Floats
    scale: Floats
    reason: Reasons

    @classmethod
    def start(cls, data: _Data, imputations: int, rng: np.random.Generator) -> _Chains:
        seen = ~np.isnan(data.y)
        number = seen.sum(axis=1, keepdims=True)
        centre = np.where(number > 0, divide(np.where(seen, data.y, 0.0).sum(axis=1, keepdims=True), number), 0.0)
        square = np.where(seen, (data.y - centre) ** 2, 0.0).sum(axis=1, keepdims=True)
        scale = np.sqrt(np.where(square > 0, divide(square, number), 1.0))
        plain = np.array([kind in ("binary", "ordinal") for kind in data.kinds])
        centre, scale = np.where(plain, 0.0, centre), np.where(plain, 1.0, scale)
        begun = (_picked(data, seen, imputations, rng) - centre[:, None]) / scale[:, None]
        chains = len(seen) * imputations
        values = begun.reshape(chains, *begun.shape[2:])
        design = np.ones((chains, values.shape[1], data.width))
        design[:, :, 1 : 1 + data.covariates.shape[2]] = np.repeat(data.covariates, imputations, axis=0)
        new = cls(
            data,
            values,
            np.repeat(seen, imputations, axis=0),
            design,
            np.repeat(centre, imputations, axis=0),
            np.repeat(scale, imputations, axis=0),
            np.zeros((chains, len(data.kinds)), dtype=np.uint8),
        )
        for place in range(len(data.kinds)):
            new.refresh(place)
        return new

    def refresh(self, place: int) -> None:
        """Bring a variable's columns of the design up to date."""
        where = self.data.slices()[place]
        if self.data.kinds[place] == "ordinal":
            levels = np.arange(1, self.data.levels[place])
            self.design[:, :, where] = self.values[:, :, place, None] == levels
        else:
            self.design[:, :, where.start] = self.values[:, :, place]

    def columns(self, place: int) -> NDArray[np.int64]:
        """Columns of the regression of a variable."""
        fixed = list(range(1 + self.data.covariates.shape[2]))
        where = self.data.slices()
        used = np.flatnonzero(self.data.predictors[place])
        return np.array(fixed + [column for other in used for column in range(where[other].start, where[other].stop)])

    def visit(self, place: int, group: Mask, rng: np.random.Generator) -> None:
        """Draw the missing values of a variable in a group of patients."""
        seen = self.observed[:, :, place]
        wanted = ~seen & group
        if not wanted.any():
            return
        columns = self.columns(place)
        drawn = KINDS[self.data.kinds[place]](
            Regression(
                self.design[:, :, columns], self.values[:, :, place], seen & group, wanted, self.data.levels[place]
            ),
            rng,
        )
        self.values[:, :, place] = np.where(wanted, drawn.values, self.values[:, :, place])
        stays = (self.reason[:, place] != 0) | ~wanted.any(axis=1)
        self.reason[:, place] = np.where(stays, self.reason[:, place], drawn.reason)
        self.refresh(place)

    def summary(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the imputed values, (chain, variable)."""
        lacking = ~self.observed
        number = lacking.sum(axis=1)
        mean = divide(np.where(lacking, self.values, 0.0).sum(axis=1), number)
        square = np.where(lacking, (self.values - mean[:, None]) ** 2, 0.0).sum(axis=1)
        sd = np.sqrt(divide(square, np.maximum(number - 1, 0)))
        return mean * self.scale[:, 0] + self.centre[:, 0], sd * self.scale[:, 0]


def _picked(data: _Data, seen: Mask, imputations: int, rng: np.random.Generator) -> Floats:
    """Random picks among the values observed in the patient's group, (replicate, imputation, patient, variable)."""
    filled = np.repeat(np.where(seen, data.y, 0.0)[:, None], imputations, axis=1)
    for place in range(seen.shape[2]):
        uniform = rng.random(filled.shape[:3])
        for group in np.unique(data.by):
            there = seen[:, :, place] & (data.by == group)
            there = np.where(there.any(axis=1, keepdims=True), there, seen[:, :, place])
            order = np.argsort(~there, axis=1, kind="stable")
            position = np.floor(uniform * there.sum(axis=1)[:, None, None]).astype(np.int64)
            donor = np.take_along_axis(np.broadcast_to(order[:, None], position.shape), position, axis=2)
            lent = np.take_along_axis(filled[..., place], donor, axis=2)
            wanted = (~seen[:, :, place] & (data.by == group))[:, None]
            filled[..., place] = np.where(wanted, lent, filled[..., place])
    return filled


def _run(data: _Data, imputations: int, iterations: int, rng: np.random.Generator) -> Chained:
    chains = _Chains.start(data, imputations, rng)
    groups = [np.repeat(data.by == group, imputations, axis=0) for group in np.unique(data.by)]
    means, spreads = [], []
    for _ in range(iterations):
        for place in data.sequence:
            for group in groups:
                chains.visit(place, group, rng)
        mean, sd = chains.summary()
        means.append(mean)
        spreads.append(sd)
    return _collect(chains, imputations, np.stack(means, axis=1), np.stack(spreads, axis=1))


def _collect(chains: _Chains, imputations: int, mean: Floats, sd: Floats) -> Chained:
    data = chains.data
    whole = chains.values * chains.scale + chains.centre
    whole = np.where((chains.reason[:, None] == 0) | chains.observed, whole, np.nan)
    shape = (len(data.y), imputations)
    seen = ~np.isnan(data.y)
    found = np.where(seen[:, None], data.y[:, None], whole.reshape(*shape, *whole.shape[1:]))
    means = mean.reshape(*shape, *mean.shape[1:])
    return Chained(
        y=found,
        missing=~seen,
        mean=means,
        sd=sd.reshape(means.shape),
        r_hat=r_hat(means),
        reason=_first(chains.reason.reshape(len(data.y), -1)),
    )


def _first(reasons: Reasons) -> Reasons:
    """The first reason of each replicate, (replicate, ...) to (replicate,)."""
    place = (reasons != 0).argmax(axis=1)
    return np.take_along_axis(reasons, place[:, None], axis=1)[:, 0]
