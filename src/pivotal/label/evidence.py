"""Claims held against sourced facts: each agrees, contradicts, or cannot be decided.

A check is answered yes, no or unknown (as criteria are): unknown where the fact is, or where the claim is silent on a
fact that it needs. Checks of one reading hold together; where readings of a claim differ, it cannot be decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pivotal.label.claims import Claim, Claims
from pivotal.label.comparing import Finding, all_of, find
from pivotal.label.facts import Facts
from pivotal.study.criteria import Answer

Verdict = Literal["agrees", "contradicts", "cannot be decided"]
VERDICTS: dict[Answer, Verdict] = {
    Answer.YES: "agrees",
    Answer.NO: "contradicts",
    Answer.UNKNOWN: "cannot be decided",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its verdict and the findings that make it.

    Attributes
    ----------
    claim
        The claim.
    verdict
        Agrees, contradicts, cannot be decided.
    why
        Where it cannot be decided: what is missing.
    findings
        One a check.
    """

    claim: Claim
    verdict: Verdict
    why: str | None
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        head = {key: getattr(self.claim, key) for key in ("id", "claim", "quote", "where", "note")}
        found = [asdict(one) | {"answer": VERDICTS[one.answer]} for one in self.findings]
        return head | {"verdict": self.verdict, "why": self.why, "findings": found}


def hold(claims: Claims, facts: Facts) -> list[Judged]:
    """Hold every claim against the facts.

    Parameters
    ----------
    claims
        The claims, checked on loading.
    facts
        The facts that they name.

    Returns
    -------
    list of Judged
        In the file's order.

    Examples
    --------
    >>> from pivotal.label.claims_load import load_claims
    >>> claims, facts = load_claims("true-ad3-news")
    >>> [one.verdict for one in hold(claims, facts) if one.claim.id in ("3", "6", "11")]
    ['contradicts', 'cannot be decided', 'agrees']
    """
    return [judge(claim, facts) for claim in claims.claims]


def judge(claim: Claim, facts: Facts) -> Judged:
    """Hold one claim against the facts."""
    findings = tuple(find(check, facts) for check in claim.checks)
    readings = list(dict.fromkeys(one.reading for one in findings if one.reading is not None))
    common = [one.answer for one in findings if one.reading is None]
    if not readings:
        answer, why = all_of(common), None
    else:
        answers = [all_of([*common, *(one.answer for one in findings if one.reading == r)]) for r in readings]
        answer = answers[0] if len(set(answers)) == 1 else Answer.UNKNOWN
        why = None if len(set(answers)) == 1 else _differing(readings, answers)
    if claim.ends and not _is_whole(claim.quote or ""):
        answer = all_of([answer, Answer.UNKNOWN] if claim.checks else [Answer.UNKNOWN])
        why = f"the sentence breaks off after “{_last_words(claim.quote or '')}”, so that nothing is said"
    if answer is Answer.UNKNOWN and why is None:
        why = _missing(findings)
    return Judged(claim, VERDICTS[answer], why, findings)


def _differing(readings: Sequence[str], answers: Sequence[Answer]) -> str:
    said = [f"{VERDICTS[answer]} if read as {reading}" for reading, answer in zip(readings, answers, strict=True)]
    return "; ".join(said)


def _missing(findings: Sequence[Finding]) -> str:
    if not findings:
        return "no fact of the study or the product bears on it"
    return "; ".join(
        dict.fromkeys(one.note or f"{one.fact} is unknown" for one in findings if one.answer is Answer.UNKNOWN)
    )


def _is_whole(quote: str) -> bool:
    """Whether a sentence's end as printed has its full stop."""
    return re.search(r"[.!?…]['\"”’)\]]*$", quote.strip()) is not None


def _last_words(quote: str) -> str:
    return " ".join(quote.split()[-2:])
