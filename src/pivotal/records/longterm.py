"""The periods of one trial as data sets: ADLT, ADAE, ADPER and ADDOSE, and what they add to ADSL."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.records import layout
from pivotal.records.datasets import identifiers, mark
from pivotal.records.layout import COMPLETED, DISCONTINUED, NO, YES
from pivotal.study.model import Study
from pivotal.trials import LongTerm, Trials
from pivotal.trials.longterm import SEVERITIES

ADLT, ADAE, ADPER, ADDOSE = SETS = ("ADLT", "ADAE", "ADPER", "ADDOSE")
SEQUENCE, TREATMENT = "TRTSEQP", "TRT02P"

README = """adlt       a row a patient, parameter and visit of the long-term period
adae       a row an adverse event, with the treatment at onset and the period
adper      a row a patient and period: treatment, first and last day, how it ended
addose     a row a course of treatment in the long-term period: first and last day, whether lesions had gone
"""


def with_sequence(adsl: pl.DataFrame, trials: Trials) -> pl.DataFrame:
    """ADSL with the treatment sequence and the treatment of the long-term period; null for who did not enter it."""
    later = trials.longterm
    if later is None:
        return adsl
    code = later.sequence[0]
    treatment = np.array([*later.onto, -1])[code]
    return adsl.with_columns(
        _labels(later.sequences, code).alias(SEQUENCE), _labels(trials.arms, treatment).alias(TREATMENT)
    )


def long_term_sets(study: Study, trials: Trials) -> dict[str, pl.DataFrame]:
    """Data sets of the periods of one trial, by name; none where nothing followed the blinded weeks.

    Returns
    -------
    dict
        ADLT: STUDYID, USUBJID, TRTSEQP, TRTA, PARAMCD, AVISIT, ADY, AVAL, SIMFL. ADAE: STUDYID, USUBJID, AESEQ, TRTA
        (at onset), AEBODSYS, AEDECOD, AESEV, AESER, ASTDY, AENDY (null where not over), APERIOD, TRTEMFL, SIMFL. ADPER:
        STUDYID, USUBJID, APERIOD, APERIODC, TRTA, ASTDY, AENDY, EOPSTT, DCPREAS, SIMFL. ADDOSE: STUDYID, USUBJID,
        TRTA, EXSEQ, ASTDY, AENDY, LESCLR (whether lesions had gone), SIMFL.
    """
    later = trials.longterm
    if later is None:
        return {}
    ids = np.array(identifiers(study, trials), dtype=object)
    return {
        ADLT: _visits(study, trials, later, ids),
        ADAE: _events(study, trials, later, ids),
        ADPER: _periods(study, trials, later, ids),
        ADDOSE: _courses(study, trials, later, ids),
    }


def _frame(study: Study, trials: Trials, ids: NDArray[Any], who: NDArray[Any], columns: dict[str, Any]) -> pl.DataFrame:
    head = {layout.STUDY: pl.repeat(study.id, len(who), eager=True)}
    head[layout.PATIENT] = pl.Series(ids[who].tolist(), dtype=pl.String)
    tail = {layout.SIMULATED: pl.repeat(mark(trials), len(who), eager=True)}
    return pl.DataFrame({**head, **columns, **tail})


def _labels(names: Any, code: NDArray[Any]) -> pl.Series:
    """Labels of codes; null for a negative code."""
    known = pl.Series(code.astype(np.int64)).set(pl.Series(code < 0), None)
    return pl.Series([*names], dtype=pl.String).gather(known)


def _days(days: NDArray[Any]) -> pl.Series:
    return pl.Series(days.astype(np.int64)).set(pl.Series(days < 0), None)


def _flags(flags: NDArray[np.bool_]) -> pl.Series:
    return _labels((NO, YES), flags.astype(np.int8))


def _visits(study: Study, trials: Trials, later: LongTerm, ids: NDArray[Any]) -> pl.DataFrame:
    assert study.long_term is not None
    days = {v.name: v.day for v in study.long_term.visits}
    parts = []
    for (parameter, visit), column in later.values.items():
        value = column[0].astype(np.float64)
        who = np.flatnonzero((value >= 0) & ~np.isnan(value))
        columns = _treated(trials, later, who) | {
            layout.PARAMETER: pl.repeat(parameter, len(who), eager=True),
            layout.VISIT: pl.repeat(visit, len(who), eager=True),
            "ADY": pl.repeat(days[visit], len(who), dtype=pl.Int64, eager=True),
            layout.VALUE: pl.Series(value[who]),
        }
        parts.append(_frame(study, trials, ids, who, columns))
    return pl.concat(parts).sort(layout.PATIENT, layout.PARAMETER, "ADY")


def _treated(trials: Trials, later: LongTerm, who: NDArray[Any]) -> dict[str, pl.Series]:
    code = later.sequence[0][who]
    return {
        SEQUENCE: _labels(later.sequences, code),
        "TRTA": _labels(trials.arms, np.array([*later.onto, -1])[code]),
    }


def _events(study: Study, trials: Trials, later: LongTerm, ids: NDArray[Any]) -> pl.DataFrame:
    rows = later.events
    columns = {
        "TRTA": _labels(trials.arms, rows.treatment),
        "AEBODSYS": _labels([system for system, _ in later.terms], rows.term),
        "AEDECOD": _labels([term for _, term in later.terms], rows.term),
        "AESEV": _labels(SEVERITIES, rows.severity),
        "AESER": _flags(rows.serious),
        "ASTDY": _days(rows.start),
        "AENDY": _days(rows.end),
        "APERIOD": _days(rows.period),
        "TRTEMFL": pl.repeat(YES, len(rows.start), eager=True),
    }
    frame = _frame(study, trials, ids, rows.subject, columns)
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(layout.PATIENT).alias("AESEQ")
    return frame.select(*frame.columns[:2], number, *frame.columns[2:])


def _periods(study: Study, trials: Trials, later: LongTerm, ids: NDArray[Any]) -> pl.DataFrame:
    everyone = np.arange(trials.shape[1])
    entered = np.flatnonzero(later.sequence[0] >= 0)
    first = _span(trials, later, 1, trials.arm[0], np.ones(len(everyone)), later.blinded_end[0], trials.reason[0],
                  trials.reasons)  # fmt: skip
    treatment = np.array([*later.onto, -1])[later.sequence[0]]
    start = np.full(len(entered), later.first_day)
    second = _span(trials, later, 2, treatment[entered], start, later.end_day[0][entered], later.reason[0][entered],
                   later.reasons)  # fmt: skip
    parts = [_frame(study, trials, ids, who, span) for who, span in ((everyone, first), (entered, second))]
    return pl.concat(parts).sort(layout.PATIENT, "APERIOD")


def _span(
    trials: Trials,
    later: LongTerm,
    period: int,
    treatment: NDArray[Any],
    start: NDArray[Any],
    end: NDArray[Any],
    reason: NDArray[Any],
    reasons: tuple[str, ...],
) -> dict[str, pl.Series]:
    size = len(treatment)
    return {
        "APERIOD": pl.repeat(period, size, dtype=pl.Int64, eager=True),
        "APERIODC": pl.repeat(later.periods[period - 1], size, eager=True),
        "TRTA": _labels(trials.arms, treatment),
        "ASTDY": _days(start),
        "AENDY": _days(end),
        "EOPSTT": _labels((COMPLETED, DISCONTINUED), np.sign(reason)),
        "DCPREAS": _labels(reasons, np.where(reason > 0, reason, -1)),
    }


def _courses(study: Study, trials: Trials, later: LongTerm, ids: NDArray[Any]) -> pl.DataFrame:
    rows = later.courses
    treatment = np.array([*later.onto, -1])[later.sequence[0][rows.subject]]
    firsts = np.searchsorted(rows.subject, rows.subject)
    columns = {
        "TRTA": _labels(trials.arms, treatment),
        "EXSEQ": _days(np.arange(len(rows.subject)) - firsts + 1),
        "ASTDY": _days(rows.start),
        "AENDY": _days(rows.stop),
        "LESCLR": _flags(rows.cleared),
    }
    return _frame(study, trials, ids, rows.subject, columns)
