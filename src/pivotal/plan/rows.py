"""Rows of results from estimates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Estimate, Reason
from pivotal.trials import Key, Row

Floats = NDArray[np.float64]

_TEXTS = np.full(max(Reason) + 1, "", dtype=object)
_TEXTS[list(Reason)] = [reason.text for reason in Reason]
_FIELDS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p")


def row(key: Key, value: NDArray[np.generic] | Floats, reason: NDArray[np.uint8] | None = None) -> Row:
    """One row; `reason` holds codes of `Reason`."""
    texts = tuple(_TEXTS[reason]) if reason is not None and reason.any() else None
    return Row(key, np.asarray(value, dtype=np.float64), texts)


def estimate_rows(key: Key, estimate: Estimate, extra: dict[str, Floats]) -> list[Row]:
    """A row for each statistic that the estimate has.

    Estimate and limits are on the key's scale; a standard error of a ratio is on the log scale, and its row says so.
    """
    rows = []
    for name in _FIELDS:
        value = getattr(estimate, name)
        if value is not None:
            rows.append(row(replace(key, statistic=name, scale=_scale(key.scale, name)), value, estimate.reason))
    if estimate.converged is not None:
        rows.append(row(replace(key, statistic="converged"), estimate.converged))
    rows += [row(replace(key, statistic=name), value, estimate.reason) for name, value in extra.items()]
    return rows


def interval_rows(key: Key, name: str, estimate: Estimate, at: tuple[int, ...] = ()) -> Iterator[Row]:
    """The estimate, as the statistic `name`, and its limits; of one place where there are many a replicate."""
    place: tuple[Any, ...] = (slice(None), *at)
    for statistic, value in ((name, estimate.estimate), ("ci_low", estimate.ci_low), ("ci_high", estimate.ci_high)):
        assert value is not None
        yield row(replace(key, statistic=statistic), value[place], estimate.reason[place])


def _scale(scale: str | None, statistic: str) -> str | None:
    if statistic in {"estimate", "ci_low", "ci_high"}:
        return scale
    if statistic == "se":
        return f"log {scale}" if scale is not None and scale.endswith("ratio") else scale
    return None
