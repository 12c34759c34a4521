"""Evidence, trial against label, and reach in plain words, as the command line prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pivotal.label.ages import Ages
from pivotal.label.bounds import Added, Amount, Chain, Reach
from pivotal.label.candidates import Share
from pivotal.label.claims import Claims
from pivotal.label.comparing import SILENT, Finding
from pivotal.label.comparison import Against, Row
from pivotal.label.evidence import VERDICTS, Judged
from pivotal.label.facts import Facts
from pivotal.study.criteria import Answer
from pivotal.study.words import wrapped

IN_PART = {
    "both": "label and trial",
    "label only": "label, not trial",
    "trial only": "trial, not label",
    "neither": "neither",
}


# ---------------------------------------------------------------- claims


def evidence_words(claims: Claims, judged: Sequence[Judged]) -> str:
    """Every claim with its verdict, the facts that decide it, and their sources."""
    head = claims.evidence
    held = [name for name in (head.study, head.product, head.epidemiology) if name]
    counts = Counter(one.verdict for one in judged)
    said = [f"{counts[verdict]} {words}" for verdict, words in zip(VERDICTS.values(), _COUNTED, strict=True)]
    cite = claims.sources[head.source].cite if head.source in claims.sources else None
    lines = wrapped(f"{head.title}: {len(judged)} claims held against {', '.join(held)}")
    lines += [f"{', '.join(said)}. Verdicts are computed from the facts."]
    lines += wrapped(f"Claims from: {cite}") if cite else []
    for one in judged:
        lines += ["", *_claim(one)]
    return "\n".join(lines) + "\n"


_COUNTED = ("agree", "contradict", "cannot be decided")


def _claim(one: Judged) -> list[str]:
    claim = one.claim
    where = f" ({claim.where})" if claim.where else ""
    quote = f" “{claim.quote}”{where}" if claim.quote else where
    lines = wrapped(f"{claim.id}. {one.verdict.upper()}: {claim.claim}.{quote}", hang="   ")
    if one.why is not None:
        lines += wrapped(f"{one.why}.", indent="   ")
    for finding in one.findings:
        lines += _finding(finding)
    return lines + (wrapped(f"Note: {claim.note}.", indent="   ") if claim.note else [])


def _finding(one: Finding) -> list[str]:
    silent = one.claimed == SILENT
    reading = f"Read as {one.reading}: " if one.reading else ""
    claimed = "not said" if silent else f"claimed {one.claimed}"
    note = f" ({one.note})" if one.note and not silent else ""
    answer = "" if silent else f" {VERDICTS[one.answer] if one.answer is not Answer.UNKNOWN else 'not known'}:"
    sure = f", {one.sure}" if one.sure else ""
    source = f" [{one.source}{sure}]" if one.source else ""
    text = f"- {reading}{one.fact}:{answer} {claimed}; the fact is {one.known}{note}.{source}"
    return wrapped(text, indent="   ", hang="     ")


def facts_words(facts: Facts) -> str:
    """Every fact that a claim can name, with what it is."""
    lines = []
    for one in facts.values():
        lines += wrapped(f"{one.name} = {one.shown}", hang="    ")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- trial against label


def against_words(found: Against) -> str:
    """Trial and label criterion by criterion, with simulated shares."""
    indication = f"{found.indication.id}, {found.indication.condition}"
    title = f"{found.study} against the label of {found.product} on {found.on}: {indication}"
    lines = [*wrapped(title), "=" * min(len(title), 96), ""]
    asked = [row for row in found.rows if row.label_only and row.label]
    lines += _section(
        "The label covers, and the trial never studied", [_line(row, row.label_only, row.missed) for row in asked]
    )
    lines += _turned_away([row for row in found.rows if row.label_only and not row.label])
    lines += _section(
        "The trial studied, and the label leaves out",
        [_line(row, row.trial_only, row.left_out) for row in found.rows if row.trial_only],
    )
    same = [f"{row.subject}: {row.trial}" for row in found.rows if row.same]
    lines += _section("Both ask the same", [text + "." for text in same])
    notes = [f"{row.subject}: {row.note}." for row in found.rows if row.note and row.label]
    lines += _section("Notes", notes)
    if found.ages is not None:
        lines += _section("By age, from sourced numbers of people (not simulated)", [ages_words(found.ages)])
    return "\n".join([*lines, *_simulated(found)]) + "\n"


def _section(title: str, texts: Sequence[str]) -> list[str]:
    body = [line for text in texts for line in wrapped(f"- {text}", indent="  ", hang="    ")]
    return [title, "-" * len(title), *body, ""] if texts else []


def _turned_away(rows: Sequence[Row]) -> list[str]:
    """What the trial asks and the label does not: so that the label covers those whom the trial turned away."""
    if not rows:
        return []
    title = "The label does not ask, and the trial turned away"
    lines = [title, "-" * len(title)]
    for row in rows:
        without = "those without: " if row.trial == "required" else ""
        share = "share not known" if row.missed is None else share_words(row.missed)
        lines += wrapped(f"- {without}{row.subject}: {share}", indent="  ", hang="    ")
    return [*lines, ""]


def _line(row: Row, who: str | None, share: Share | None) -> str:
    trial, label = row.trial or "not asked", row.label or "not asked"
    said = "share not known" if share is None else share_words(share)
    return f"{row.subject}: {who} (trial: {trial}; label: {label}): {said}."


def share_words(share: Share) -> str:
    """A simulated share with its Monte-Carlo standard error; two bounds where something is unknown."""
    error = f" (MCSE\u00a0{100 * share.mcse:.2f})" if share.mcse > 0 else ""
    if share.low == share.high:
        return f"{100 * share.low:.1f}\u00a0%{error}"
    return f"not known, {100 * share.low:.1f} to {100 * share.high:.1f}\u00a0%{error}"


def ages_words(ages: Ages) -> str:
    """The share of the label's people whose age the trial did not study."""
    if not ages.outside:
        return f"every age that the label covers was studied ({ages.jurisdiction})."
    if ages.high is not None and ages.high == ages.low:
        share = f"{100 * ages.low:.0f} %"
    elif ages.high is None:
        share = f"at least {100 * ages.low:.1f} %"
    else:
        share = f"{100 * ages.low:.1f} to {100 * ages.high:.1f} %"
    who = " and ".join(ages.outside)
    return (
        f"{share} of the people in the {ages.jurisdiction} who have the condition and an age that the label covers are "
        f"of an age that the trial did not study: {who}. Sources: {'; '.join(ages.sources)}."
    )


def _simulated(found: Against) -> list[str]:
    if not found.parts:
        return wrapped(f"{found.study} has no virtual patients, so that there are no shares.")
    title = f"SIMULATED: {found.candidates:,} virtual candidates for {found.study}, seed {found.seed}"
    lines = [title, "-" * len(title)]
    lines += [f"  {IN_PART[name]:<20} {share_words(share)}" for name, share in found.parts.items()]
    lines += wrapped(
        "Shares above are of the candidates whom the label may cover (not studied) and of those whom the trial takes "
        "(left out). MCSE: Monte-Carlo standard error, in percentage points.",
        indent="  ",
    )
    if found.unknown:
        lines += wrapped(f"Unknown for every candidate: {'; '.join(found.unknown)}. A share then runs from nobody to "
                         "everybody.", indent="  ")  # fmt: skip
    return lines + wrapped(f"Assumed: {'; '.join(found.assumed)}.", indent="  ")


# ---------------------------------------------------------------- reach


def reach_words(found: Reach) -> str:
    """How many people a label covers, at most: chains, what is missing, and what each approval added."""
    title = f"{found.product}, {found.jurisdiction}: how many people the label covers on {found.on}, at most"
    lines = [title, "=" * min(len(title), 96), ""]
    first = found.history[0].day
    if found.on < first:
        lines += wrapped(
            f"No indication yet on {found.on}: the product was first approved on {first}. Nobody is covered."
        )
    elif found.total is None:
        lines += wrapped("Nothing can be counted: no indication is in force for people whom a source counts.")
    else:
        lines += wrapped(f"In all, of those whom a source counts: at most {total_words(found.total)}.")
    lines += ["", *(line for chain in found.chains for line in [*_chain(chain), ""])]
    lines += _section("Not counted", [f"{one.indication}: {one.why}." for one in found.uncounted])
    lines += ["What each approval added", "-" * 24]
    lines += [line for one in found.history for line in wrapped(f"- {added_words(one)}", indent="  ", hang="    ")]
    lines += ["", *_section("No source gives", [f"{what}: {why}." for what, why in found.gaps])]
    return "\n".join(lines) + "\n" + f"{found.draws:,} draws of the uncertain numbers, seed {found.seed}.\n"


def _chain(chain: Chain) -> list[str]:
    lines = wrapped(f"{chain.indication}, {chain.people[:1].lower()}{chain.people[1:]}")
    for place, step in enumerate(chain.steps):
        sign = " " if place == 0 else "×"
        source = f" [{step.source}, {step.sure}]" if step.source else ""
        value = (
            step.stated
            if place == 0
            else f"{100 * step.mean:.1f} % ({100 * step.low:.1f} to {100 * step.high:.1f}): {step.stated}"
        )
        lines += wrapped(f"{sign} {step.what}: {value}{source}", indent="  ", hang="      ")
        lines += wrapped(f"assumed: {step.assumed}", indent="      ") if step.assumed else []
    for text in chain.missing:
        lines += wrapped(f"× {text}: no source gives the share, so at most 1", indent="  ", hang="      ")
    lines += wrapped(f"= at most {total_words(chain.bound)}", indent="  ", hang="      ")
    if chain.otherwise is not None:
        lines += wrapped(
            f"If the source counts only the severities that the label covers, no share is to be taken: at most "
            f"{total_words(chain.otherwise)}.",
            indent="    ",
        )
    return lines


def added_words(one: Added) -> str:
    """One day's addition."""
    what = ", ".join(one.indications) + (f" in place of {', '.join(one.replaced)}" if one.replaced else "")
    said = [f"at most {total_words(one.added)}"] if one.added is not None else []
    said += [f"unknown: {u.why}" for u in one.uncounted]
    return f"{one.day}, {what}: {'; '.join(said)}."


def total_words(found: Amount) -> str:
    """A number of people with its limits; a stated number that says over is told so."""
    said = f"{found.mean / 1e6:.1f} million"
    if found.high > found.low:
        said += f" (95 % of the draws: {found.low / 1e6:.1f} to {found.high / 1e6:.1f}; MCSE {found.mcse / 1e6:.4f})"
    return said + (", or more: a source says over and names no upper end" if found.floor else "")
