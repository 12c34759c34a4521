"""Operating characteristics of what watches a trial's safety: boundaries exactly, the screen over replicates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.monitoring import Watched, compare_terms, flags, watched
from pivotal.simulate.streams import Stream, blocks, generator
from pivotal.study.model import Study
from pivotal.study.monitoring import Screen, ScreenScenario

JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]
CELLS = 400_000
"""Terms times replicates in one block, at most: a second or so, so that a user sees it go on."""
BOUNDARIES = "safety boundaries"


def safety_characteristics(study: Study, *, replicates: int, seed: int, progress: Progress | None = None) -> JSON:
    """What the study's boundaries and its screen do.

    Parameters
    ----------
    study
        The study.
    replicates
        Trials a scenario of the screen.
    seed
        The same seed gives the same numbers.
    progress
        Called as the work goes on.

    Returns
    -------
    dict
        `monitors`: looks, the number of events that stops at each, and by true rate the probability of stopping, of
        stopping early, and the expected look and events, exact. `screen`: by scenario the share of trials with any
        false flag, the false discovery rate, and by changed term the power, with Monte-Carlo standard errors.
    """
    tell = progress or (lambda what, done, of: None)
    watching, screen = study.monitoring.monitors, study.monitoring.screen
    monitors = []
    for done, monitor in enumerate(watching, 1):
        monitors.append(_monitor_row(watched(study, monitor)))
        tell(BOUNDARIES, done, len(watching))
    rows = [_screen_row(study, screen, s, replicates, seed, tell) for s in screen.scenarios] if screen else []
    return {"monitors": monitors, "screen": rows}


def _monitor_row(seen: Watched) -> JSON:
    monitor, boundary = seen.monitor, seen.boundary
    found = stats.crossing(boundary, seen.rates)
    unit = "events" if monitor.view == "between arms" else monitor.unit
    truths = [
        {
            "truth": truth,
            "rate": float(seen.rates[i]),
            "probability": float(found.probability[i]),
            "early": float(found.early[i]),
            "expected_look": float(found.expected_look[i]),
            "expected_events": float(found.expected_events[i]),
        }
        for i, truth in enumerate(monitor.truths)
    ]
    return {
        "name": monitor.name,
        "label": monitor.label,
        "view": monitor.view,
        "rule": monitor.rule,
        "unit": unit,
        "limit": seen.limit,
        "critical": boundary.critical,
        "at_limit": float(stats.crossing(boundary, seen.limit).probability),
        "looks": boundary.looks.tolist(),
        "stop_at": boundary.stop_at.tolist(),
        "truths": truths,
    }


def _screen_row(
    study: Study, screen: Screen, scenario: ScreenScenario, replicates: int, seed: int, tell: Progress
) -> JSON:
    changed = np.array([scenario.ratios.get(term.term, 1.0) != 1.0 for term in screen.terms])
    sums = np.zeros(4)
    hits = np.zeros(len(screen.terms))
    size = max(1, 2 ** int(np.log2(CELLS / max(1, len(screen.terms)))))
    done, what = 0, f"safety screen, {scenario.name}"
    tell(what, done, replicates)
    for block, many in enumerate(blocks(replicates, size)):
        flagged = _flagged(study, screen, scenario, many, generator(seed, Stream.SCREEN, block))
        false, every = (flagged & ~changed).sum(axis=1), flagged.sum(axis=1)
        share = false / np.maximum(every, 1)
        sums += [(false > 0).sum(), share.sum(), (share**2).sum(), every.sum()]
        hits += flagged.sum(axis=0)
        done += many
        tell(what, done, replicates)
    any_false, fdr, squares, flags_made = sums / replicates
    return {
        "scenario": scenario.name,
        "label": scenario.label,
        "replicates": replicates,
        "any_false": any_false,
        "any_false_mcse": _mcse(any_false, replicates),
        "fdr": fdr,
        "fdr_mcse": float(np.sqrt(max(squares - fdr**2, 0.0) / replicates)),
        "flags": flags_made,
        "terms": [
            {
                "term": term.term,
                "class": term.class_,
                "rate": term.rate,
                "ratio": scenario.ratios.get(term.term, 1.0),
                "flagged": float(hit / replicates),
                "mcse": _mcse(float(hit / replicates), replicates),
            }
            for term, hit in zip(screen.terms, hits, strict=True)
        ],
    }


def _flagged(
    study: Study, screen: Screen, scenario: ScreenScenario, replicates: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Flags over replicates: patients with each term are binomial, terms independent."""
    total = sum(arm.ratio for arm in study.arms)
    n1, n0 = (
        round(study.size * study.arms[study.arm_index(name)].ratio / total) for name in (screen.arm, screen.comparator)
    )
    base = np.array([term.rate for term in screen.terms])
    ratio = np.array([scenario.ratios.get(term.term, 1.0) for term in screen.terms])
    x0 = rng.binomial(n0, base, (replicates, len(base)))
    x1 = rng.binomial(n1, base * ratio, (replicates, len(base)))
    return flags(screen, compare_terms(x1, n1, x0, n0), x1 + x0).flagged


def _mcse(p: float, replicates: int) -> float:
    return float(np.sqrt(p * (1 - p) / replicates))
