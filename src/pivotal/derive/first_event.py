"""Time at risk until the first event, of every term at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.derive.occurrence import Path, packed
from pivotal.derive.roster import WHO, Roster, identifiers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FirstEvents:
    """First events by term.

    Attributes
    ----------
    n
        Patients with an event whose time at risk is known, (replicate, term, arm).
    days
        Days at risk until the first event, or to the end for those without, (replicate, term, arm).
    undated
        Patients whose first event has no known date: their days run to the end, (replicate, term, arm).
    """

    n: Floats
    days: Floats
    undated: Floats


def first_events(events: pl.DataFrame, people: Roster, paths: Sequence[Path]) -> FirstEvents:
    """Time at risk until the first event.

    The day of onset counts as a day at risk. Only days on the treatment at onset count: with several periods on one
    treatment those of the periods before are added, and gaps between them are not.

    Parameters
    ----------
    events
        Events with their paths (`occurrence.coded`).
    people
        Who is at risk.
    paths
        The terms.

    Returns
    -------
    FirstEvents
    """
    shape = (people.replicates, len(paths), len(people.arms))
    known = pl.DataFrame({"path": [packed(path) for path in paths]}, schema={"path": pl.String}).with_row_index("term")
    n, undated = np.zeros(shape), np.zeros(shape)
    days = np.broadcast_to(people.days()[:, None, :], shape).copy()
    for depth in sorted({len(path) for path in paths}):
        first = until_first(events, people, pl.col(f"path{depth}").alias("path"))
        sums = (
            first.join(known, on="path", how="inner")
            .group_by("replicate", "term", "arm")
            .agg(
                pl.len().alias("n"),
                (pl.col("days") - pl.col("until")).sum().alias("after"),
                pl.col("onset").is_null().sum().alias("undated"),
            )
        )
        at = tuple(sums[name].to_numpy() for name in ("replicate", "term", "arm"))
        n[at], undated[at] = sums["n"].to_numpy(), sums["undated"].to_numpy()
        days[at] -= sums["after"].to_numpy()
    return FirstEvents(n, days, undated)


def until_first(events: pl.DataFrame, people: Roster, path: pl.Expr) -> pl.DataFrame:
    """A row a patient, arm and term: `onset` of the first event, `days` at risk in all, `until` then."""
    timed = people.people.filter(pl.col("days").is_not_null())
    first = events.group_by(*WHO, path).agg(pl.col("onset").min()).join(timed, on=WHO, how="inner")
    last = pl.min_horizontal("end", pl.col("onset").fill_null(pl.col("end")))
    spent = ((last - pl.col("start")).dt.total_days() + 1).clip(lower_bound=0)
    until = first.join(people.periods.drop("days"), on=WHO, how="inner").group_by(*WHO, "path").agg(until=spent.sum())
    return first.join(until, on=[*WHO, "path"], how="left")


def times_to_first(events: pl.DataFrame, people: Roster, path: Path, arm: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Days to the first event of a term or to the end of risk, and whether it happened, (replicate, patient).

    A patient whose days are not known, and the places after a replicate's last patient, are NaN.
    """
    depth = len(path)
    mine = events.filter((pl.col(f"path{depth}") == packed(path)) & (pl.col("arm") == arm))
    first = until_first(mine, people, pl.col(f"path{depth}").alias("path")).select(*WHO, "until")
    everyone = people.people.filter(pl.col("arm") == arm).join(first, on=WHO, how="left").sort(WHO)
    at, place = _places(everyone)
    shape = (people.replicates, int(place.max(initial=-1)) + 1)
    time, happened = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    time[at, place] = everyone.select(pl.coalesce("until", "days").cast(pl.Float64)).to_series().to_numpy()
    happened[at, place] = everyone["until"].is_not_null().to_numpy()
    return time, happened


def are_among(people: Roster, chosen: pl.DataFrame, arm: int) -> NDArray[np.bool_]:
    """Which patients of an arm have a row in `chosen`, at the places of `times_to_first`, (replicate, patient)."""
    keys = identifiers(people.subjects)
    marked = people.subjects.join(chosen.select(keys).unique(), on=keys, how="semi").select("replicate", "patient")
    flags = marked.with_columns(among=pl.lit(True))
    mine = people.people.filter(pl.col("arm") == arm).join(flags, on=["replicate", "patient"], how="left").sort(WHO)
    at, place = _places(mine)
    found = np.zeros((people.replicates, int(place.max(initial=-1)) + 1), dtype=np.bool_)
    found[at, place] = mine["among"].fill_null(False).to_numpy()
    return found


def _places(patients: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Replicate and position within it of each of an arm's patients, in order."""
    within = patients.select(pl.int_range(pl.len()).over("replicate")).to_series()
    return patients["replicate"].to_numpy().astype(np.int64), within.to_numpy().astype(np.int64)
