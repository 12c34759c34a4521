"""Parts of a study in plain words: where a figure comes from, criteria as sentences, tables of text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pivotal.study.criteria import Criterion
from pivotal.study.model import Figure, Sourced, Variable

WIDTH = 96

_BOUND_WORDS = {
    "at_least": "at least {}",
    "above": "above {}",
    "at_most": "at most {}",
    "below": "below {}",
}


def mark(part: Sourced | Criterion, *, brief: bool = False) -> str:
    """Where a part comes from, in brackets: ``[REG]``, ``[REG, derived: ...]``, ``[assumed: ...]``."""
    said = [part.source] if part.source else []
    for word in ("derived", "assumed"):
        why = getattr(part, word)
        if why is not None:
            said.append(word if brief else f"{word}: {why}")
    return f" [{', '.join(said)}]" if said else ""


def number(value: float) -> str:
    """A number without needless zeros."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.10g}"


def value(said: float | bool | str) -> str:
    """A value as it would stand in a study file."""
    if isinstance(said, bool):
        return "true" if said else "false"
    return said if isinstance(said, str) else number(said)


def figure(part: Figure, *, brief: bool = False) -> str:
    """A figure with its unit and where it comes from."""
    if part.x is not None and part.n is not None:
        text = f"{part.x} of {part.n} ({100 * part.x / part.n:.1f} %)"
    elif part.percent is not None:
        text = f"{number(part.percent)} %"
    else:
        text = number(part.number) + (f" {part.unit}" if part.unit else "")
    return text + mark(part, brief=brief)


def sentence(criterion: Criterion, variables: Mapping[str, Variable]) -> str:
    """What a criterion asks, from its machine form.

    Examples
    --------
    >>> sentence(Criterion(variable="AGE", at_least=2, below=12, unit="years"), {})
    'AGE at least 2 and below 12 years'
    """
    asked = _asked(criterion, variables)
    if criterion.when is None:
        return asked
    return f"where {sentence(criterion.when, variables)}: {asked}"


def _asked(criterion: Criterion, variables: Mapping[str, Variable]) -> str:
    for word, group in ((" and ", criterion.all), (" or ", criterion.any)):
        if group is not None:
            parts = (("not " if p.kind == "exclusion" else "") + _inner(p, variables) for p in group)
            return word.join(parts)
    if criterion.not_ is not None:
        return f"not {_inner(criterion.not_, variables)}"
    assert criterion.variable is not None
    bounds = criterion.bounds
    if "is" in bounds:
        return criterion.variable if bounds.pop("is") else f"not {criterion.variable}"
    unit = criterion.unit or getattr(variables.get(criterion.variable), "unit", None)
    said = " and ".join(_bound(key, value) for key, value in bounds.items())
    one = unit in ("years", "months", "weeks", "days", "hours") and list(bounds.values()) == [1]
    return f"{criterion.variable} {said}{f' {unit[:-1] if one else unit}' if unit else ''}"


def _inner(criterion: Criterion, variables: Mapping[str, Variable]) -> str:
    text = sentence(criterion, variables)
    return text if criterion.variable is not None else f"({text})"


def _bound(key: str, value: Any) -> str:
    if key == "between":
        return f"{number(value[0])} to {number(value[1])}"
    if key in ("any_of", "none_of"):
        options = " or ".join(v if isinstance(v, str) else number(v) for v in value)
        return options if key == "any_of" else f"neither {options.replace(' or ', ' nor ')}"
    return _BOUND_WORDS[key].format(number(value))


def wrapped(text: str, *, indent: str = "", hang: str | None = None) -> list[str]:
    """Lines of at most `WIDTH` columns; those after the first begin with `hang`."""
    after = indent if hang is None else hang
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    ) or [indent.rstrip()]


def items(pairs: Sequence[tuple[str, str]], *, indent: str = "  ", widest: int = 24) -> list[str]:
    """Terms and what is said of them, in two columns."""
    width = min(max((len(term) for term, _ in pairs), default=0), widest)
    hang = indent + " " * (width + 2)
    lines: list[str] = []
    for term, text in pairs:
        if len(term) > width:
            lines += wrapped(term, indent=indent, hang=indent + "  ")
            lines += wrapped(text, indent=hang)
        else:
            lines += wrapped(text, indent=f"{indent}{term:<{width}}  ", hang=hang)
    return lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, indent: str = "  ") -> list[str]:
    """A small table of text: the first `left` columns and the last to the left, the others to the right."""
    everything = [list(header), *map(list, rows)]
    widths = [max(len(row[i]) for row in everything) for i in range(len(header))]
    ruled = [everything[0], ["-" * width for width in widths], *everything[1:]]
    last = len(header) - 1
    lines = []
    for row in ruled:
        cells = [
            f"{cell:<{width}}" if i < left or i == last else f"{cell:>{width}}"
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines
