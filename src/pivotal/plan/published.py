"""Published counts through this package's own estimators, to stand beside the published intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pivotal import stats
from pivotal.plan.longterm import published_periods
from pivotal.plan.published_events import ORIGIN, recompute_events
from pivotal.plan.rows import estimate_rows
from pivotal.study.model import Posted, Study
from pivotal.trials import Key, Results, Row


def recompute(study: Study) -> Results:
    """Intervals of the published rates and unstratified exact odds ratios, computed from the published counts.

    Parameters
    ----------
    study
        A study with `posted` results.

    Returns
    -------
    Results
        Rows of the analysis `published`: for every posted rate with a count its Clopper-Pearson interval, for every
        posted odds ratio the unstratified conditional one (the published ones are stratified, and the strata's counts
        are not public). Rows of `period published`: the published counts of periods. Of posted
        events those of `recompute_events`.
    """
    periods = published_periods(study.period_results)
    arms, control = [arm.name for arm in study.arms], study.arms[study.control].name
    events = recompute_events(study.id, study.posted_events, arms, control)
    return Results(study.id, (*_rows(study), *periods, *events), virtual=False)


def _rows(study: Study) -> Iterator[Row]:
    counts = {(p.endpoint, p.visit, p.arm): (p.x, p.n) for p in study.posted if p.statistic == "rate"}
    for posted in study.posted:
        if posted.statistic == "rate" and posted.x is not None and posted.n is not None:
            found = stats.clopper_pearson(_one(posted.x), _one(posted.n), level=posted.level)
            yield from estimate_rows(_key(study, posted, "clopper-pearson", "rate"), found, {})
        elif posted.statistic == "odds ratio" and posted.comparator is not None:
            x1, n1 = counts.get((posted.endpoint, posted.visit, posted.arm), (None, None))
            x0, n0 = counts.get((posted.endpoint, posted.visit, posted.comparator), (None, None))
            if x1 is not None and n1 is not None and x0 is not None and n0 is not None:
                tables = (_one(x1), _one(n1), _one(x0), _one(n0))
                found = stats.fisher_exact(*tables, level=posted.level, rule="central")
                key = _key(study, posted, "exact conditional, unstratified", "odds ratio")
                yield from estimate_rows(key, found, {})


def _one(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([count], dtype=np.float64)


def _key(study: Study, posted: Posted, method: str, scale: str) -> Key:
    endpoint = next((e for e in study.endpoints if e.name == posted.endpoint), None)
    return Key(
        analysis="published",
        statistic="",
        endpoint=posted.endpoint,
        parameter=endpoint.derive.parameter if endpoint else None,
        visit=posted.visit,
        population=endpoint.population if endpoint else None,
        arm=posted.arm,
        comparator=posted.comparator,
        method=method,
        scale=scale,
        groups=ORIGIN,
    )
