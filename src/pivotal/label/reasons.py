"""Answers in words: which indication covers, what fails, which facts are unknown.

A million patients have few different patterns of answers: each pattern is put into words once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.label.coverage import ANSWERS, Coverage
from pivotal.label.product import CONDITION, Fact, Indication
from pivotal.label.show import none_in_force
from pivotal.study.criteria import Criterion

_WIDEST = 2**40
"""Beyond so many possible patterns their keys are renumbered, so that they stay within 64 bits."""


def frame(coverage: Coverage) -> pl.DataFrame:
    """A row a patient: PATIENT, ANSWER, INDICATION, REASON, LIMITATION."""
    words = pl.Series([ANSWERS[-1], ANSWERS[0], ANSWERS[1]])
    answer = words.gather(pl.Series(coverage.answer.astype(np.int64) + 1))
    first, pattern = _patterns(coverage)
    covering = pl.Series([_covering(coverage, row) for row in first], dtype=pl.String)
    said = pl.Series([reason(coverage, row) for row in first], dtype=pl.String)
    limits = pl.Series([_limiting(coverage, row) for row in first], dtype=pl.String)
    return pl.DataFrame(
        {
            "PATIENT": coverage.patients.ids,
            "ANSWER": answer,
            "INDICATION": covering.gather(pattern),
            "REASON": said.gather(pattern),
            "LIMITATION": limits.gather(pattern),
        }
    )


def reasons(coverage: Coverage) -> pl.Series:
    """Why, a sentence a patient."""
    first, pattern = _patterns(coverage)
    said = pl.Series("REASON", [reason(coverage, row) for row in first], dtype=pl.String)
    return said.gather(pattern)


def reason(coverage: Coverage, row: int) -> str:
    """Why one patient is covered, is not, or cannot be told."""
    answer = int(coverage.answer[row])
    if not coverage.indications:
        none = none_in_force(coverage.product, coverage.on)
        return f"not covered: {none[:1].lower()}{none[1:].rstrip('.')}"
    if answer == 1:
        return f"covered by {_covering(coverage, row)}"
    if answer == 0:
        failed = [f"{_failed(coverage, i, row)} ({coverage.indications[i].id})" for i in _nearest(coverage, row)]
        return f"not covered: {'; '.join(failed)}"
    open_ = [i for i in range(len(coverage.indications)) if coverage.by_indication[row, i] == -1]
    names = [f"{said} ({coverage.indications[i].id})" for i in open_ if (said := unknown(coverage, i, row))]
    return f"cannot tell: unknown is {'; '.join(names)}"


def unknown(coverage: Coverage, indication: int, row: int) -> str:
    """The unknown facts on which an indication's answer for a patient hangs."""
    asked = coverage.indications[indication].criteria
    answers = coverage.by_criterion[indication][row]
    named = [unknown_facts(coverage, c, row) for c, answer in zip(asked, answers, strict=True) if answer == -1]
    return ", ".join(dict.fromkeys(named))


def unknown_facts(coverage: Coverage, criterion: Criterion, row: int) -> str:
    """The facts that a criterion asks and that are unknown of a patient, in words."""
    variables, patients = coverage.product.variables, coverage.patients
    order = [n for n in variables if n in criterion.variables() and patients.is_unknown(n, row)]
    spoken = [_spoken(variables[name], name) + _limits(coverage, name, row) for name in order]
    for scale in coverage.product.scales:
        if scale.words in order:
            spoken[order.index(scale.words)] += f" (in words, or the {scale.instrument})"
    return (" or " if criterion.any is not None else " and ").join(spoken)


def _spoken(variable: Fact, name: str) -> str:
    return variable.unknown or variable.label or name


def _limits(coverage: Coverage, name: str, row: int) -> str:
    """What is known of a number that is known within limits only."""
    upper = coverage.patients.upper.get(name)
    low = coverage.patients.columns.get(name)
    if upper is None or low is None or not upper[row] > low[row]:
        return ""
    return f" (known as {low[row]:g} to {upper[row]:g} {coverage.product.variables[name].unit or ''}".rstrip() + ")"


def _covering(coverage: Coverage, row: int) -> str:
    answers = list(zip(coverage.indications, coverage.by_indication[row], strict=True))
    found = [i.id for i, answer in answers if answer == 1]
    if found or coverage.answer[row] != 1:
        return ", ".join(found)
    return " or ".join(i.id for i, answer in answers if answer == -1)  # each age that is possible has one of them


def _limiting(coverage: Coverage, row: int) -> str:
    found = [each.id for each, a in zip(coverage.limitations, coverage.limited[row], strict=True) if a == 1]
    return ", ".join(found)


def _nearest(coverage: Coverage, row: int) -> list[int]:
    """The indications whose condition the patient has or may have; all of them where there is none."""
    fitting = [i for i, each in enumerate(coverage.indications) if _fits(each, coverage.by_criterion[i][row])]
    return fitting or list(range(len(coverage.indications)))


def _fits(indication: Indication, answers: NDArray[np.int8]) -> bool:
    asked = zip(indication.criteria, answers, strict=True)
    return all(answer != 0 for criterion, answer in asked if criterion.variables() == {CONDITION})


def _failed(coverage: Coverage, indication: int, row: int) -> str:
    asked = coverage.indications[indication].criteria
    answers = coverage.by_criterion[indication][row]
    failing = [c for c, answer in zip(asked, answers, strict=True) if answer == 0]
    return ", ".join(f"{'is' if c.kind == 'exclusion' else 'is not'} {_lower(c)}" for c in failing)


def _lower(criterion: Criterion) -> str:
    text = criterion.text or criterion.id or "what is asked"
    return f"'{text}'"


def _patterns(coverage: Coverage) -> tuple[list[int], pl.Series]:
    """A row for each different pattern of answers and unknown facts, and each patient's pattern."""
    asked = {name for each in coverage.indications for c in each.criteria for name in c.variables()}
    digits: list[tuple[NDArray[Any], int]] = [
        (part[:, i] + 1, 3) for part in (*coverage.by_criterion, coverage.limited) for i in range(part.shape[1])
    ]
    digits += [(coverage.by_indication[:, i] + 1, 3) for i in range(coverage.by_indication.shape[1])]
    digits += [(coverage.patients.unknown(name), 2) for name in sorted(asked)]
    for name, upper in coverage.patients.upper.items():  # a reason names both ends
        ends = [np.nan_to_num(each, nan=-1.0) + 1 for each in (coverage.patients.columns[name], upper)]
        digits += [(each.astype(np.int64), int(each.max()) + 1) for each in ends]
    key, size = np.asarray(coverage.answer + 1, dtype=np.int64), 3
    for digit, base in digits:
        key, size = key * base + digit, size * base
        if size > _WIDEST:
            found, key = np.unique(key, return_inverse=True)
            size = len(found)
    _, first, pattern = np.unique(key, return_index=True, return_inverse=True)
    return [int(row) for row in first], pl.Series(pattern)
