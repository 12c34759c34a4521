"""How many patients have an event, and how many events there are: by class and term, arm and replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.derive.roster import WHO, Roster, date_of, identifiers
from pivotal.errors import DataError, Fault

Floats = NDArray[np.float64]
Path = tuple[str, ...]

SEPARATOR = "\x1f"
UNCODED = "Not coded"


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Events of patients at risk.

    Attributes
    ----------
    events
        A row an event: `replicate`, `patient`, `arm`, `onset` (a date), the columns asked for.
    left_out
        Events of the arms' data that no patient at risk has: of somebody outside the population, or on a treatment on
        which the patient never was; (replicate,) is not kept, they are counted over all.
    """

    events: pl.DataFrame
    left_out: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by term.

    Attributes
    ----------
    paths
        Each term with the classes above it: ``("CARDIAC DISORDERS", "PALPITATIONS")``; () is any event.
    n, events
        Patients with at least one event, and events, (replicate, term, arm).
    """

    paths: tuple[Path, ...]
    n: Floats
    events: Floats


def occurrences(
    events: pl.DataFrame, people: Roster, *, columns: Sequence[str], treatment: str | None = None, onset: str = "ASTDT"
) -> Occurrences:
    """Events of the patients at risk, each in its arm.

    Parameters
    ----------
    events
        Rows of the events' data set.
    people
        Who is at risk.
    columns
        Further columns that are needed.
    treatment
        The events' column of the treatment at onset; None gives an event the patient's only arm.
    onset
        The events' column of the date of onset; where there is none, no onset is known.

    Returns
    -------
    Occurrences

    Raises
    ------
    DataError
        If a column is missing, or patients are on several treatments and the events do not say on which.
    """
    _required(events, [*columns, *([treatment] if treatment else [])])
    keys = identifiers(people.subjects)
    seen = events.join(people.subjects, on=keys, how="inner")
    when = date_of(onset, events.schema[onset]) if onset in events.columns else pl.lit(None, pl.Date)
    wanted: list[str | pl.Expr] = ["replicate", "patient", when.alias("onset"), *dict.fromkeys(columns)]
    arms = people.people.filter(pl.col("arm") < len(people.arms) - people.total).select(WHO)
    if treatment is None:
        _one_arm_each(arms)
        placed = seen.select(wanted).join(arms, on=["replicate", "patient"], how="inner")
    else:
        codes = {name: position for position, name in enumerate(people.arms)}
        arm = pl.col(treatment).replace_strict(codes, default=None, return_dtype=pl.Int32).alias("arm")
        placed = seen.select(*wanted, arm).join(arms, on=WHO, how="semi")
    left_out = events.height - placed.height
    if people.total:
        placed = pl.concat([placed, placed.with_columns(arm=pl.lit(len(people.arms) - 1, pl.Int32))])
    return Occurrences(placed, left_out)


def coded(events: pl.DataFrame, levels: Sequence[str]) -> pl.DataFrame:
    """Events with `path0`, `path1`, ...: the term of each depth with the classes above it, in one text."""
    parts = [pl.col(level).fill_null(UNCODED) for level in levels]
    paths = [pl.concat_str(parts[:depth], separator=SEPARATOR).alias(f"path{depth}") for depth in _depths(levels)]
    return events.with_columns(pl.lit("").alias("path0"), *paths)


def count(events: pl.DataFrame, people: Roster, depths: Sequence[int]) -> Counts:
    """Patients and events by term.

    Parameters
    ----------
    events
        Events with their paths, from `coded`.
    people
        Who is at risk.
    depths
        Depths whose terms are counted; 0 is any event.

    Returns
    -------
    Counts
        Terms in no particular order.
    """
    sums = pl.concat([_by_term(events, depth) for depth in depths])
    paths = sums.select("path").unique(maintain_order=True)
    if 0 in depths and not events.height:
        paths = pl.DataFrame({"path": [""]})
    at = _positions(sums, paths)
    shape = (people.replicates, paths.height, len(people.arms))
    return Counts(
        tuple(map(unpacked, paths["path"])), _filled(shape, at, sums["n"]), _filled(shape, at, sums["events"])
    )


def count_split(
    events: pl.DataFrame, people: Roster, paths: Sequence[Path], ranks: str, categories: int, *, worst: bool
) -> tuple[Floats, Floats]:
    """Patients and events by term and category.

    Parameters
    ----------
    events
        Events with their paths.
    people
        Who is at risk.
    paths
        The terms.
    ranks
        The column that holds the category's position; null is unknown and has the last position.
    categories
        How many categories there are, the unknown included.
    worst
        Whether a patient counts once, in the highest known category; else in each that he has.

    Returns
    -------
    tuple of Floats
        Patients and events, (replicate, term, arm, category).
    """
    shape = (people.replicates, len(paths), len(people.arms), categories)
    known = pl.DataFrame({"path": [packed(path) for path in paths]}, schema={"path": pl.String})
    n, seen = np.zeros(shape), np.zeros(shape)
    for depth in sorted({len(path) for path in paths}):
        per = events.select(*WHO, pl.col(f"path{depth}").alias("path"), pl.col(ranks).alias("category"))
        mine = ["replicate", "path", "arm"]
        whose = per.group_by(*mine, "patient").agg(pl.col("category").max()) if worst else per.unique()
        for made, rows in ((n, whose), (seen, per)):
            filled = rows.with_columns(pl.col("category").fill_null(categories - 1))
            sums = filled.group_by(*mine, "category").len()
            sums = sums.join(known.with_row_index("term"), on="path", how="inner")
            at = tuple(sums[name].to_numpy() for name in ("replicate", "term", "arm", "category"))
            made[at] = sums["len"].to_numpy()
    return n, seen


def ordered(counts: Counts, orders: Sequence[str], arm: Sequence[int]) -> Counts:
    """Terms in reading order: each class before its terms.

    Parameters
    ----------
    counts
        From `count`.
    orders
        ``alphabetical`` or ``frequency`` (falling, then alphabetical) of each level; the last serves those after it.
    arm
        Positions of the arms whose patients are added up for the frequency.

    Returns
    -------
    Counts
        The same numbers.
    """
    total = counts.n[:, :, list(arm)].sum(axis=(0, 2))
    often = dict(zip(counts.paths, total, strict=True))

    def place(path: Path) -> tuple[tuple[float, str], ...]:
        falling = [orders[min(depth, len(orders) - 1)] == "frequency" for depth in range(len(path))]
        parts = [path[: depth + 1] for depth in range(len(path))]
        return tuple(
            (-often.get(part, 0.0) if down else 0.0, part[-1]) for part, down in zip(parts, falling, strict=True)
        )

    turn = sorted(range(len(counts.paths)), key=lambda term: place(counts.paths[term]))
    return chosen(counts, turn)


def frequent(counts: Counts, size: Floats, share: float) -> Counts:
    """Terms of the deepest level that a share of patients has in any arm, and the classes above them."""
    deepest = max(map(len, counts.paths), default=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = counts.n.sum(axis=0) / size.sum(axis=0)
    often = (np.nan_to_num(rates) >= share).any(axis=1)
    kept = {path for path, yes in zip(counts.paths, often, strict=True) if yes and len(path) == deepest}
    above = {path[:depth] for path in kept for depth in range(len(path))}
    return chosen(counts, [t for t, path in enumerate(counts.paths) if path in kept | above or not path])


def chosen(counts: Counts, terms: Sequence[int]) -> Counts:
    """Some of the terms, in a given order."""
    at = list(terms)
    return Counts(tuple(counts.paths[term] for term in at), counts.n[:, at], counts.events[:, at])


def ranked(events: pl.DataFrame, column: str, values: Sequence[str], name: str = "category") -> pl.DataFrame:
    """Events with the position of their category; null where it is missing or none of the values."""
    codes: Mapping[str, int] = {value: position for position, value in enumerate(values)}
    return events.with_columns(
        pl.col(column).cast(pl.String).replace_strict(codes, default=None, return_dtype=pl.Int32).alias(name)
    )


def packed(path: Path) -> str:
    """A path as one text."""
    return SEPARATOR.join(path)


def unpacked(text: str) -> Path:
    """A path of one text."""
    return tuple(text.split(SEPARATOR)) if text else ()


def _depths(levels: Sequence[str]) -> range:
    return range(1, len(levels) + 1)


def _by_term(events: pl.DataFrame, depth: int) -> pl.DataFrame:
    mine: list[str | pl.Expr] = ["replicate", pl.col(f"path{depth}").alias("path"), "arm"]
    per = events.group_by(*mine, "patient").len("events")
    return per.group_by("replicate", "path", "arm").agg(pl.len().alias("n"), pl.col("events").sum())


def _positions(sums: pl.DataFrame, paths: pl.DataFrame) -> tuple[NDArray[np.generic], ...]:
    placed = sums.join(paths.with_row_index("term"), on="path", how="left", maintain_order="left")
    return tuple(placed[name].to_numpy() for name in ("replicate", "term", "arm"))


def _filled(shape: tuple[int, int, int], at: tuple[NDArray[np.generic], ...], values: pl.Series) -> Floats:
    made = np.zeros(shape)
    made[at] = values.to_numpy()
    return made


def _required(events: pl.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in dict.fromkeys(columns) if name not in events.columns]
    if missing:
        allowed = f"its columns are {', '.join(events.columns)}"
        raise DataError(
            Fault(f"the column {name} of the events", "missing", allowed, "Name the column that holds it.")
            for name in missing
        )


def _one_arm_each(arms: pl.DataFrame) -> None:
    several = arms.group_by("replicate", "patient").len().filter(pl.col("len") > 1).height
    if several:
        found = f"not stated, and {several} patients are on more than one treatment"
        allowed = "an event of such a patient belongs to the treatment at its onset"
        raise DataError([Fault("event_treatment", found, allowed, 'Name the events\' column of it: "TRTA".')])
