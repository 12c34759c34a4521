"""What a figure shows, before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a place, with its limits where it has them."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a figure."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with several lines; `ticks` are places on the horizontal axis and their labels."""

    title: str
    what: str
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]
    in_percent: bool = True


@dataclass(frozen=True, slots=True)
class Dot:
    """A row of a dot plot: a label, the value with its limits, and the words beside it."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    main: bool = True
    colour: str = "#5b6472"


@dataclass(frozen=True, slots=True)
class DotGroup:
    """Rows of a dot plot under a common heading."""

    title: str
    dots: tuple[Dot, ...]
