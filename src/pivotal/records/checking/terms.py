"""Controlled terms: of SDTM's terminology, and those that the study states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from pivotal.errors import nearest
from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.checking.standard import terms_of
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

TERM = Rule("no such term", "error", "", "Correct it.")
OWN = Rule("term of its own", "note", "", "Check the spelling; keep it where it is the sponsor's own or a newer term.")
SPELT = Rule("term spelt otherwise", "warning", "", "Spell it as the list does.")
CATEGORY = Rule("no category of the study", "error", "", "Correct it, or add it to the variable's categories.")
FEW = 8
"""Terms that a finding lists; of more it tells the number."""


def terms(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Values that are not on the list of their variable, a finding for each different one."""
    for found in data.values():
        for name, kind in found.frame.schema.items():
            listed = terms_of(name) if kind == pl.String else None
            if listed is None:
                continue
            allowed = set(listed.terms)
            strange = [value for value in found.frame[name].drop_nulls().unique() if value not in allowed]
            folded = {_folded(term): term for term in listed.terms}
            spelt = {value: folded[_folded(value)] for value in strange if _folded(value) in folded}
            others = [value for value in strange if value not in spelt]
            says = f"the list {listed.name} has {_some(listed.terms)}"
            yield _each(SPELT, found, name, list(spelt), says, {v: f"Write {term!r}." for v, term in spelt.items()})
            rule = OWN if listed.extensible else TERM
            mends = {} if listed.extensible else {value: nearest(value, listed.terms) for value in others}
            yield _each(rule, found, name, others, says, {v: m for v, m in mends.items() if m.startswith("Did")})


def categories(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Values of ADSL that are none of the categories that the study states."""
    found = data.get("ADSL")
    if found is None:
        return
    for key, variable in study.variables.items():
        name = variable.column or key
        if variable.categories is None or name not in found.frame.columns or found.frame.schema[name] != pl.String:
            continue
        strange = [v for v in found.frame[name].drop_nulls().unique() if v not in variable.categories]
        says = f"the study's {key} is one of {_some(variable.categories)}"
        mends = {value: nearest(value, variable.categories) for value in strange}
        yield _each(CATEGORY, found, name, strange, says, {v: m for v, m in mends.items() if m.startswith("Did")})


def _folded(term: str) -> str:
    """A term without what spelling it otherwise changes: case and blanks."""
    return "".join(term.split()).casefold()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} terms"


def _each(rule: Rule, found: Dataset, name: str, values: list[str], says: str, mends: dict[str, str]) -> pl.DataFrame:
    """A finding for each of some values, at its first row."""
    keep = [SUBJECT] if SUBJECT in found.frame.columns and name != SUBJECT else []
    rows = numbered(found).filter(pl.col(name).is_in(values))
    one = rows.group_by(name, maintain_order=True).agg(
        pl.col(ROW).first(), *(pl.col(k).first() for k in keep), pl.len().alias("rows")
    )
    mend = pl.col(name).replace_strict(mends, default=rule.mend, return_dtype=pl.String) if mends else None
    return noted(rule, found, one, name, says=says, mend=mend, count=pl.col("rows"))
