"""What the approval says: the label over time, trial against label, how many people it covers at most.

Made from the rows of `label.json`. What a regulator approved is published; shares of virtual candidates are simulated
and stand under their own heading; numbers of people are computed from published figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pivotal.report.approval_figures import WIDE, additions, at_most, timeline
from pivotal.report.bundle import Bundle
from pivotal.report.document import (
    Block,
    Column,
    Facts,
    Figure,
    Folded,
    Footnotes,
    Heading,
    Items,
    Line,
    Prose,
    Section,
    Table,
    Text,
    join,
)
from pivotal.report.format import DASH, capital, count, fixed, listed

JSON = Mapping[str, Any]
_IN = {
    "both": "The label covers, the trial takes",
    "label only": "The label covers, the trial does not take",
    "trial only": "The trial takes, the label leaves out",
    "neither": "Neither",
}
PLUS = " (plus: one source says “over” and names no upper end)"
NO_ADVICE = "None of this is medical advice."


def approval_section(bundle: Bundle) -> Section | None:
    """The section; None where the study names no product."""
    label = bundle.label
    if label is None:
        return None
    cited = _Cited(label["sources"])
    blocks = [*_history(label, cited), *_against(label["against"], cited)]
    if label["reach"] is not None:
        blocks += _reach(label["reach"], cited)
    blocks.append(cited.folded())
    return Section("approval", "What the approval says", blocks)


class _Cited:
    """Sources in the order in which they are cited, each with its own number: L1, L2, ..."""

    def __init__(self, sources: Sequence[JSON]) -> None:
        self._urls = {one["cite"]: one["url"] for one in sources}
        self._cites: list[str] = []

    def mark(self, *cites: str | None) -> Markup:
        """References to sources."""
        found = [cite for cite in dict.fromkeys(cites) if cite]
        self._cites += [cite for cite in found if cite not in self._cites]
        link = Markup('<a href="#label-source-{0}" title="{1}">L{0}</a>')
        links = [link.format(self._cites.index(cite) + 1, cite) for cite in found]
        return Markup('<sup class="ref">{}</sup>').format(Markup(",").join(links)) if links else Markup("")

    def folded(self) -> Folded:
        """The list."""
        rows = []
        for number, cite in enumerate(self._cites, 1):
            url = self._urls.get(cite)
            parts: list[Text] = [Markup('<span class="key">L{}</span>').format(number), cite]
            if url:
                parts.append(Markup('<a class="url" rel="noreferrer" href="{0}">{0}</a>').format(url))
            rows.append((f"label-source-{number}", join(parts)))
        return Folded(f"Sources of this section ({len(rows)})", (Items(tuple(rows)),))


# ---------------------------------------------------------------- the label over time


def _history(label: JSON, cited: _Cited) -> list[Block]:
    product, rows = label["product"], label["indications"]
    read = f" {product['read']}" if product["read"] else ""
    lead = (
        f"{product['title']}, {product['jurisdiction']}. What follows is what public sources say of its label, each "
        f"statement with how sure it is.{read} {NO_ADVICE}"
    )
    figure = Figure(
        "figure-label",
        "Indications over time",
        timeline(rows, narrow=False),
        timeline(rows, narrow=True),
        (f"Dark bars: indications said to rest on this trial. An arrow: in force on {label['on']}.",),
        origin="published",
    )
    return [
        Prose(lead, style="lead"),
        Heading("approval-history", "The label over time"),
        figure,
        _indications(rows, cited),
    ]


def _trial(trial: JSON, notes: Footnotes) -> Markup:
    """A trial that an indication rests on, with a footnote where no source that was read says so."""
    unsure = trial["sure"] in ("unverified", "assumed")
    return _whole(trial["id"]) + notes.mark(f"{trial['sure']}: {trial['note']}" if unsure else None)


def _whole(text: str) -> Markup:
    """A name or day that is not broken over lines."""
    return Markup('<span class="arm">{}</span>').format(text)


def _indications(rows: Sequence[JSON], cited: _Cited) -> Table:
    notes, lines = Footnotes(), []
    for one in rows:
        until = one["superseded"] or "in force"
        by = f" by {one['superseded_by']}" if one["superseded_by"] else ""
        ends = join(
            [_whole(until), Markup('<span class="under">{}</span>').format(f"superseded{by}") if by else ""], ""
        )
        head = join([one["id"], Markup('<span class="under">{}</span>').format(one["condition"])], "")
        trials = join([_trial(trial, notes) for trial in one["trials"]], " ") or DASH
        whom = join([capital("; ".join(one["criteria"])), cited.mark(one["source"])], "")
        lines.append(Line((head, one["effective"], ends, whom, trials, _capital(one["sure"]))))
    columns = (
        Column("Indication"),
        Column("From"),
        Column("Until"),
        Column("For whom", wide=True),
        Column("Rests on"),
        Column("How sure"),
    )
    sure = "How sure: of the indication as a whole; a criterion may have another source."
    return Table(
        "table-label", "Whom the label covers, by day", columns, tuple(lines), (sure, *notes.notes), origin="published"
    )


# ---------------------------------------------------------------- trial against label


def _against(found: JSON, cited: _Cited) -> list[Block]:
    both = [row for row in found["rows"] if row["label"] is not None]
    trial_only = [row for row in found["rows"] if row["label"] is None]
    blocks: list[Block] = [
        Heading("approval-against", "Trial against label"),
        Prose(
            f"{found['study']} beside {found['indication']} ({found['condition']}) on {found['on']}: whom the label "
            "covers that the trial never studied, and whom the trial studied that the label leaves out."
        ),
        _criteria(found, both, cited),
    ]
    if found["ages"] is not None:
        blocks.append(Prose(_ages(found["ages"], cited)))
    if found["simulated"]:
        blocks.append(_parts(found))
    if trial_only:
        summary = f"What only the trial asked ({len(trial_only)} criteria)"
        blocks.append(Folded(summary, (_turned_away(found, trial_only),)))
    return blocks


def _criteria(found: JSON, rows: Sequence[JSON], cited: _Cited) -> Table:
    notes = Footnotes()
    lines = []
    for row in rows:
        label_only = capital(row["label_only"]) if row["label_only"] else DASH
        trial_only = capital(row["trial_only"]) if row["trial_only"] else DASH
        trial = join([row["trial"] or "not asked", cited.mark(row["trial_source"])], "")
        label = join([row["label"] or "not asked", cited.mark(*_plain_sources(row["label_source"]))], "")
        cells: list[Text] = [join([row["subject"], notes.mark(row["note"])], ""), trial, label, label_only, trial_only]
        if found["simulated"]:
            cells += [_share(row, "missed", "label_only", notes), _share(row, "left_out", "trial_only", notes)]
        lines.append(Line(tuple(cells)))
    columns = [
        Column("Criterion", wide=True),
        Column("Trial", group="Published"),
        Column("Label", group="Published"),
        Column("Label, not trial", group="The difference"),
        Column("Trial, not label", group="The difference"),
    ]
    if found["simulated"]:
        group = "SIMULATED share, % (MCSE)"
        columns += [Column("not studied", number=True, group=group), Column("left out", number=True, group=group)]
    return Table(
        "table-against",
        "Trial and label, criterion by criterion",
        tuple(columns),
        tuple(lines),
        (*_share_notes(found), *notes.notes),
        origin="candidates" if found["simulated"] else "published",
    )


def _plain_sources(text: str | None) -> list[str]:
    """Citations without how sure they are, which stands in brackets behind each."""
    if not text:
        return []
    return [one.rsplit(" (", 1)[0] for one in text.split("; ")]


def _share(row: JSON, key: str, difference: str, notes: Footnotes) -> Text:
    share = row[key]
    if row[difference] is None:
        return DASH
    if share is None:
        return join(["not known", notes.mark("nothing says how many candidates this concerns")], "")
    return share_text(share)


def share_text(share: JSON) -> str:
    """A simulated share in percent with its Monte-Carlo standard error; two bounds where something is unknown."""
    low, high = fixed(100 * share["low"], 1), fixed(100 * share["high"], 1)
    error = f" ({fixed(100 * share['mcse'], 2)})" if share["mcse"] > 0 else ""
    return f"{low}{error}" if share["low"] == share["high"] else f"{low} to {high}{error}"


def _share_notes(found: JSON) -> list[str]:
    if not found["simulated"]:
        return [f"{found['study']} has no virtual patients, so that there are no shares."]
    said = [
        f"Shares are SIMULATED: {count(found['candidates'])} virtual candidates for screening, seed {found['seed']}, "
        "MCSE their Monte-Carlo standard error in percentage points. Not studied: of candidates whom the label may "
        "cover. Left out: of candidates whom the trial takes.",
    ]
    if found["unknown"]:
        said.append(f"Unknown for every candidate, so that a share has two bounds: {'; '.join(found['unknown'])}.")
    return [*said, f"Assumed: {'; '.join(found['assumed'])}."]


def _ages(ages: JSON, cited: _Cited) -> Text:
    where = ages["jurisdiction"]
    if not ages["outside"]:
        return join(
            [
                f"By age, the trial studied everybody whom the label covers in the {where}.",
                cited.mark(*ages["sources"]),
            ],
            "",
        )
    low, high = fixed(100 * ages["low"], 1), None if ages["high"] is None else fixed(100 * ages["high"], 1)
    share = f"at least {low}%" if high is None else f"{low}%" if high == low else f"{low} to {high}%"
    who = listed([one[:1].lower() + one[1:] for one in ages["outside"]])
    text = (
        f"By age, from published numbers of people and not simulated: {share} of those in the {where} who have the "
        f"condition and an age that the label covers are of an age that this trial did not study ({who})."
    )
    return join([text, cited.mark(*ages["sources"])], "")


def _parts(found: JSON) -> Table:
    lines = tuple(Line((_IN[name], share_text(share))) for name, share in found["parts"].items())
    columns = (Column("Candidates"), Column("Share, % (MCSE)", number=True))
    notes = ["Of all virtual candidates for screening."]
    if found["unknown"]:
        notes.append(f"From nobody to everybody where unknown: {'; '.join(found['unknown'])}.")
    return Table(
        "table-parts",
        "Virtual candidates by what trial and label say of them",
        columns,
        lines,
        tuple(notes),
        origin="draws",
    )


def _turned_away(found: JSON, rows: Sequence[JSON]) -> Table:
    notes = Footnotes()
    lines = []
    for row in rows:
        cells: list[Text] = [join([row["subject"], notes.mark(row["note"])], ""), row["trial"]]
        if found["simulated"]:
            cells.append(_share(row, "missed", "label_only", notes))
        lines.append(Line(tuple(cells)))
    columns = [Column("Criterion of the trial", wide=True), Column("In the trial", group="Published")]
    if found["simulated"]:
        columns.append(Column("not studied, % (MCSE)", number=True, group="SIMULATED"))
    title = "What the label does not ask: it covers those whom the trial turned away"
    return Table(
        "table-turned-away",
        title,
        tuple(columns),
        tuple(lines),
        notes.notes,
        origin="candidates" if found["simulated"] else "published",
    )


# ---------------------------------------------------------------- reach


def _reach(found: JSON, cited: _Cited) -> list[Block]:
    total = found["total"]
    lead = (
        f"On {found['on']} the label covers at most {at_most(total)} people in the {found['jurisdiction']}, of those "
        f"whom a source counts{PLUS if total['floor'] else ''}. It is an upper bound: each criterion whose share no "
        "source gives could only lower it."
        if total is not None
        else f"No source counts anybody whom the label covers in the {found['jurisdiction']}."
    )
    figure = Figure(
        "figure-reach",
        "What each approval added, in millions of people",
        additions(found["history"], narrow=False),
        additions(found["history"], narrow=True),
        (
            "Bars are upper bounds from published numbers, each beginning where the one above ends; lines: 95% of the "
            "draws. A question mark: no source counts these people. A plus sign: the source says “over” and names no "
            "upper end.",
        ),
        origin="computed",
    )  # fmt: skip
    blocks: list[Block] = [
        Heading("approval-reach", "How many people it covers, at most"),
        Prose(lead),
        figure,
        _chains(found, cited),
    ]
    gaps = [(f"{one['indication']}, {one['condition']}", f"{_capital(one['why'])}.") for one in found["uncounted"]]
    gaps += [(_capital(what), f"No source here gives it: {why}.") for what, why in found["gaps"]]
    if gaps:
        blocks += [Prose("What no source gives, and no number here stands for:"), Facts(tuple(gaps))]
    return blocks


def _capital(text: str) -> str:
    """The first letter as a capital, be it a word of one letter."""
    return text[:1].upper() + text[1:]


def _chains(found: JSON, cited: _Cited) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for chain in found["chains"]:
        lines.append(Line(heading=f"{chain['people']} ({chain['indication']})"))
        for place, step in enumerate(chain["steps"]):
            assumed = f"assumed: {step['assumed']}" if step["assumed"] else None
            what = "Number of people" if place == 0 else f"× {step['what']}"
            stated = join([step["stated"], cited.mark(step["source"])], "")
            taken = _people(step) if place == 0 else _percent(step)
            lines.append(
                Line((join([what, notes.mark(assumed)], ""), stated, taken, _capital(step["sure"] or "")), indent=True)
            )
        for missing in chain["missing"]:
            lines.append(Line((f"× {missing}", "no source gives it", "at most 100%", DASH), indent=True))
        total = Markup("<strong>{}</strong>").format(at_most(chain["bound"]))
        lines.append(Line((Markup("<strong>= at most</strong>"), "", total, ""), indent=True))
        if chain["otherwise"] is not None:
            text = "or, if the source counts only the severities that the label covers"
            lines.append(Line((text, "", at_most(chain["otherwise"]), ""), indent=True))
    columns = (
        Column("Factor", wide=True),
        Column("As published", wide=True, group="Published"),
        Column("Taken as", number=True, group="Computed"),
        Column("How sure"),
    )
    method = (
        f"{count(found['draws'])} draws, seed {found['seed']}: numbers of people uniform on the published range, "
        "shares from their confidence limits on the logit scale; mean and central 95%. A plus sign: the source says "
        "“over” and names no upper end."
    )
    errors = [fixed(c["bound"]["mcse"] / 1e6, 4) for c in found["chains"] if c["bound"]["mcse"] > 0]
    if errors:
        method += f" Monte-Carlo standard error of the drawn bound: {listed(errors)} million."
    return Table(
        "table-reach",
        "From published numbers to an upper bound",
        columns,
        tuple(lines),
        (method, *notes.notes),
        origin="computed",
    )


def _people(step: JSON) -> str:
    low, high = step["low"] / 1e6, step["high"] / 1e6
    return f"{low:.1f} to {high:.1f} million" if high > low else f"{low:.1f} million"


def _percent(step: JSON) -> str:
    return f"{fixed(100 * step['mean'], 1)}% ({fixed(100 * step['low'], 1)} to {fixed(100 * step['high'], 1)})"


def reach_picture(found: JSON) -> str:
    """The figure of what each approval added, as a file of its own."""
    drawing = additions(found["history"], narrow=False)
    size = f'width="{WIDE:.0f}"'
    return str(drawing.svg).replace("<svg ", f'<svg {size} style="background:#fff" ', 1) + "\n"
