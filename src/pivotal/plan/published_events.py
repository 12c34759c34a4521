"""Published counts of adverse events through this package's own estimators: rates, differences, tests, the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.errors import DataError, Fault
from pivotal.plan.rows import row
from pivotal.stats.estimate import Floats
from pivotal.trials import Key, Results, Row

ANALYSIS = "published events"
ORIGIN = (("origin", "published counts"),)
LISTS = {True: "serious", False: "other"}
"""The two lists of a registry: a patient with a term in one may have it in the other as well."""
NOT_KEPT = "its class is not kept by the first step"


class PostedTerm(Protocol):
    """What a published row of events has."""

    @property
    def term(self) -> str:
        """The term."""

    @property
    def system(self) -> str:
        """Its class."""

    @property
    def serious(self) -> bool:
        """Whether it stands in the list of serious events."""

    def affected(self, treatment: str) -> tuple[int, int]:
        """Patients affected, and at risk; none of none where nothing was posted of the treatment."""


@dataclass(frozen=True, slots=True)
class PlainTerm:
    """A published row as it is: counts by treatment, ``{"Vehicle": (2, 126)}``."""

    term: str
    system: str
    serious: bool
    counts: Mapping[str, tuple[int, int]]

    def affected(self, treatment: str) -> tuple[int, int]:
        """Patients affected, and at risk."""
        return self.counts.get(treatment, (0, 0))


@dataclass(frozen=True, slots=True)
class Judging:
    """How rows are judged.

    Attributes
    ----------
    level
        Of the intervals.
    alpha_class, alpha_term, second
        Of the double false discovery rate.
    least_patients
        Terms with fewer patients in both arms together are not in the screen's family.
    """

    level: float = 0.95
    alpha_class: float = 0.1
    alpha_term: float = 0.1
    second: Literal["joint", "within"] = "joint"
    least_patients: int = 1


def recompute_events(
    study: str, posted: Sequence[PostedTerm], arms: Sequence[str], control: str, how: Judging | None = None
) -> Results:
    """Rates, differences and tests of published event counts.

    Parameters
    ----------
    study
        The study's identifier.
    posted
        The published rows, a term of one list each.
    arms
        Treatments as the rows name them, in the order of the columns.
    control
        The one that others are compared with.
    how
        Levels of the intervals and of the screen; `Judging()` where absent.

    Returns
    -------
    Results
        Rows of the analysis `published events`. For each term and treatment `n`, `N`, `rate` with its Clopper-Pearson
        limits; for each treatment against control the risk difference with Miettinen-Nurminen limits, Fisher's `p`,
        `p_adjusted` and `rejected` of the double false discovery rate, in each of the two lists by itself.

    Raises
    ------
    DataError
        If more patients are affected than at risk, a count is negative, or a term stands twice in a list: all faults.

    Notes
    -----
    A registry's groups are of the treatment at onset: where patients change treatment they are at risk in several of
    them, so that groups overlap, and differ in exposure. A test that takes the groups for independent then describes
    the published counts and no more. A registry posts only terms that a share of patients has (often 5%): the family is
    of those.
    """
    _checked(posted, arms)
    judging = how or Judging()
    made: list[Row] = []
    for serious in (True, False):
        terms = [each for each in posted if each.serious == serious]
        if terms:
            made += _of_list(terms, arms, control, judging)
    return Results(study, tuple(made), virtual=False)


def _checked(posted: Sequence[PostedTerm], arms: Sequence[str]) -> None:
    faults: list[Fault] = []
    seen: set[tuple[str, str, bool]] = set()
    for each in posted:
        place = f"posted event {each.term!r} ({LISTS[each.serious]})"
        for arm in arms:
            x, n = each.affected(arm)
            if not 0 <= x <= n:
                found, allowed = f"{x} of {n}", "as many patients are affected as are at risk, at most"
                faults.append(Fault(f"{place}: {arm}", found, allowed, "Correct the count."))
        if (each.system, each.term, each.serious) in seen:
            faults.append(Fault(place, "there twice", "a term stands once in a list", "Join the two rows."))
        seen.add((each.system, each.term, each.serious))
    if faults:
        raise DataError(faults)


def _of_list(terms: Sequence[PostedTerm], arms: Sequence[str], control: str, how: Judging) -> Iterator[Row]:
    counts = np.array(
        [[each.affected(arm) for arm in arms] for each in terms], dtype=np.float64
    )  # (term, arm, x and n)
    x, n = counts[None, ..., 0], counts[None, ..., 1]  # (replicate, term, arm)
    rates = stats.clopper_pearson(x, n, level=how.level)
    compared = {
        at: _compared(terms, x[..., [at, arms.index(control)]], n[..., [at, arms.index(control)]], how)
        for at, arm in enumerate(arms)
        if arm != control and control in arms
    }
    for t, each in enumerate(terms):
        for a, arm in enumerate(arms):
            yield row(_key(each, "n", arm), x[:, t, a])
            yield row(_key(each, "N", arm), n[:, t, a])
            for statistic, field in (("rate", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
                value, reason = getattr(rates, field)[:, t, a], rates.reason[:, t, a]
                yield row(_key(each, statistic, arm, method="clopper-pearson", scale="rate"), value, reason)
        for a, found in compared.items():
            yield from _pair(each, found, t, arms[a], control)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Two arms over the terms of a list, (replicate, term)."""

    difference: stats.Estimate
    test: stats.Estimate
    flags: stats.DoubleFdr
    tested: NDArray[np.bool_]


def _compared(terms: Sequence[PostedTerm], x: Floats, n: Floats, how: Judging) -> _Compared:
    tables = (x[..., 0], n[..., 0], x[..., 1], n[..., 1])
    test = stats.fisher_exact(*tables)
    assert test.p is not None
    tested = (x.sum(axis=-1) >= how.least_patients) & (n > 0).all(axis=-1)
    flags = stats.double_fdr(
        test.p, [each.system for each in terms], tested=tested,
        alpha_class=how.alpha_class, alpha_term=how.alpha_term, second=how.second,
    )  # fmt: skip
    return _Compared(stats.miettinen_nurminen(*tables, how.level), test, flags, tested)


def _pair(each: PostedTerm, found: _Compared, t: int, arm: str, control: str) -> Iterator[Row]:
    scale = {"method": "miettinen-nurminen", "scale": "risk difference"}
    for statistic in ("estimate", "ci_low", "ci_high"):
        value = getattr(found.difference, statistic)[:, t]
        yield row(_key(each, statistic, arm, control, **scale), value, found.difference.reason[:, t])
    assert found.test.p is not None
    p = found.test.p[:, t]
    codes = np.where(np.isnan(p), found.test.reason[:, t], 0).astype(np.uint8)
    yield row(_key(each, "p", arm, control, method="fisher exact"), p, codes)
    adjusted, tested = found.flags.adjusted[:, t], found.tested[:, t]
    known = tested & np.isfinite(adjusted)
    why = tuple(np.where(known, "", np.where(tested, NOT_KEPT, "too few patients")).tolist())
    fdr = _key(each, "p_adjusted", arm, control, method="double false discovery rate")
    yield Row(fdr, np.where(known, adjusted, np.nan), None if known.all() else why)
    flagged = _key(each, "rejected", arm, control, method="double false discovery rate")
    yield row(flagged, found.flags.flagged[:, t])


def _key(
    each: PostedTerm, statistic: str, arm: str, comparator: str | None = None, *, method: str | None = None,
    scale: str | None = None,
) -> Key:  # fmt: skip
    groups = (("list", LISTS[each.serious]), ("class", each.system), ("term", each.term), *ORIGIN)
    return Key(
        analysis=ANALYSIS,
        statistic=statistic,
        arm=arm,
        comparator=comparator,
        groups=groups,
        method=method,
        scale=scale,
    )
