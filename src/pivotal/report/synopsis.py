"""The synopsis: the trial as its definition states it, each figure with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import (
    Block,
    Column,
    Facts,
    Folded,
    Footnotes,
    Heading,
    Line,
    Prose,
    Section,
    Table,
    Text,
    join,
)
from pivotal.report.format import DASH, capital, listed, number_word, plain, plural, short_percent
from pivotal.report.schedule import schedule_figure
from pivotal.report.sources import Sources, figure, ledger_table
from pivotal.report.wording import in_words, intercurrent, method, rule, variable
from pivotal.study.criteria import Criterion
from pivotal.study.model import Endpoint, Scenario, Study

LEGEND = Markup(
    "Where a figure comes from: <span class='badge published'>published</span> in the numbered source, "
    "<span class='badge derived'>derived</span> from published figures, "
    "<span class='badge assumed'>assumed</span> because nothing public says it."
)


def synopsis_section(bundle: Bundle, sources: Sources) -> Section:
    """The whole synopsis."""
    study = bundle.study
    blocks: list[Block] = [
        Prose(LEGEND, style="lead"),
        Heading("design", "Design"),
        Facts(_design(study, sources, bundle.simulated)),
    ]
    blocks += _further_facts(study, sources)
    blocks += [Heading("arms", "Arms and randomisation"), _arms(study, sources), Facts(_randomisation(study, sources))]
    blocks += [Heading("schedule", "Periods and visits"), schedule_figure(bundle)]
    blocks += [Heading("population", "Population"), *_population(study, sources)]
    blocks += [Heading("estimands", "Endpoints as estimands"), _estimands(study, sources)]
    blocks += [Heading("strategy", "Testing strategy"), Prose(_testing(study, sources))]
    if study.scenarios:
        blocks += [Heading("scenarios", "Scenarios simulated"), *_scenarios(study, sources)]
    blocks += _ledgers(study, sources)
    if len(sources):
        blocks += [Heading("sources", "Sources"), sources.items()]
    return Section("synopsis", "Synopsis", blocks)


def _design(study: Study, sources: Sources, simulated: bool) -> tuple[tuple[Text, Text], ...]:
    head = study.study
    pairs: list[tuple[str, Text | None]] = [
        ("Objective", head.objective),
        ("Design", f"{head.design}{f', phase {head.phase}' if head.phase else ''}"),
        ("Masking", head.masking),
        ("Conventions", f"those of {head.preset.upper()} where SAS and R differ" if head.preset else None),
        ("Condition", head.condition),
        ("Registry", head.registry),
        ("Sponsor's number", head.sponsor_id),
        ("Patients of this report", "virtual, drawn from the cohort model" if simulated else "real"),
        ("Planned", sources.marked(figure(head.planned), head.planned) if head.planned else None),
        ("Randomised", sources.marked(figure(head.randomised), head.randomised) if head.randomised else None),
        ("Patients a trial here", _size(study, sources)),
        ("Dates", "; ".join(f"{name.replace('_', ' ')} {date}" for name, date in head.dates.items()) or None),
    ]
    marked = sources.badge(head)
    found: list[tuple[Text, Text]] = [
        (term, capital(text) if not isinstance(text, Markup) else text) for term, text in pairs if text
    ]
    return tuple([*found, ("Unless marked otherwise", marked)] if marked else found)


def _size(study: Study, sources: Sources) -> Text | None:
    size = study.population.size
    return None if size is None else sources.marked(plain(size), study.population)


def _further_facts(study: Study, sources: Sources) -> list[Block]:
    facts = study.study.facts
    if not facts:
        return []
    lines = tuple(Line((capital(name), figure(f), sources.badge(f))) for name, f in facts.items())
    columns = (Column("Fact", wide=True), Column("Figure", number=True), Column("Basis"))
    table = Table("table-facts", "Further published facts of the trial", columns, lines, origin="design")
    return [Folded(f"Further published facts ({len(facts)})", (table,))]


def _arms(study: Study, sources: Sources) -> Table:
    lines = tuple(
        Line(
            (
                arm.name + (" (control)" if arm.control else ""),
                capital(arm.treatment or arm.label or DASH),
                capital(arm.regimen or DASH),
                plain(arm.ratio) if _allocates(study) else DASH,
                sources.badge(arm),
            )
        )
        for arm in study.arms
    )
    columns = (
        Column("Arm"),
        Column("Treatment", wide=True),
        Column("Regimen", wide=True),
        Column("Ratio", number=True),
        Column("Basis"),
    )
    told = [n for n in range(len(columns)) if n == 0 or any(line.cells[n] not in (DASH, "") for line in lines)]
    lines = tuple(Line(tuple(line.cells[n] for n in told)) for line in lines)
    return Table("table-arms", "Arms", tuple(columns[n] for n in told), lines, origin="design")


def _allocates(study: Study) -> bool:
    """Whether the study file says how patients are allocated; of a trial that was run only the data may know."""
    return study.randomisation.method != "as recorded"


def _randomisation(study: Study, sources: Sources) -> tuple[tuple[Text, Text], ...]:
    plan = study.randomisation
    ratio = ":".join(plain(arm.ratio) for arm in study.arms)
    blocks = f", blocks of {listed([plain(b) for b in plan.block_sizes], 'or')}" if plan.block_sizes else ""
    pairs: list[tuple[Text, Text]] = [
        ("Randomisation", sources.marked(f"{capital(plan.method)}{blocks}", plan)),
    ]
    if _allocates(study):
        pairs.append(("Ratio", f"{ratio} ({', '.join(arm.name for arm in study.arms)})"))
    for stratum in plan.strata:
        levels = listed([level.label for level in stratum.levels], "or")
        term = f"Stratum: {stratum.label or stratum.name}"
        pairs.append((term, sources.marked(levels, stratum)))
    return tuple(pairs)


def _population(study: Study, sources: Sources) -> list[Block]:
    blocks: list[Block] = []
    for kind, opened in (("inclusion", True), ("exclusion", False)):
        criteria = [c for c in study.population.criteria if c.kind == kind]
        if criteria:
            table = _criteria(kind, criteria, sources)
            blocks.append(Folded(f"{capital(kind)} criteria ({len(criteria)})", (table,), open=opened))
    if not blocks:
        blocks.append(Prose("The study file states no criteria.", style="empty"))
    blocks.append(_analysis_sets(study, sources))
    return blocks


def _criteria(kind: str, criteria: Sequence[Criterion], sources: Sources) -> Table:
    lines = tuple(
        Line(
            (
                c.id or DASH,
                join([in_words(c), Markup('<span class="under">{}</span>').format(c.note) if c.note else ""], ""),
                Markup("<code>{}</code>").format(rule(c)),
                ", ".join(c.at) or DASH,
                sources.badge(c),
            )
        )
        for c in criteria
    )
    columns = (
        Column("No."),
        Column("Criterion", wide=True),
        Column("Rule", wide=True),
        Column("Asked at"),
        Column("Basis"),
    )
    return Table(f"table-{kind}", f"{capital(kind)} criteria", columns, lines, origin="design")


def _analysis_sets(study: Study, sources: Sources) -> Table:
    lines = tuple(
        Line(
            (
                s.name,
                s.label,
                Markup("<code>{}</code>").format("; ".join(rule(c) for c in s.criteria)) if s.criteria else "everybody",
                sources.badge(s),
            )
        )
        for s in study.analysis_sets
    )
    columns = (Column("Set"), Column("Who", wide=True), Column("Rule", wide=True), Column("Basis"))
    return Table("table-sets", "Analysis sets", columns, lines, origin="design")


def _estimands(study: Study, sources: Sources) -> Table:
    notes = Footnotes()
    lines = []
    for e in study.endpoints:
        name = f" ({e.name})" if e.name != e.label else ""
        lines.append(Line(heading=join([f"{capital(e.role)}: {e.label}{name}", sources.badge(e)])))
        lines.append(Line(_estimand(e, study, sources), indent=True))
    columns = (
        Column("Population", wide=True),
        Column("Variable", wide=True),
        Column("Intercurrent events, and how each is handled", wide=True),
        Column("Summary measure"),
        Column("Method", wide=True),
    )
    caption = "Estimands: what each endpoint estimates"
    return Table("table-estimands", caption, columns, tuple(lines), notes.notes, origin="design")


def _estimand(e: Endpoint, study: Study, sources: Sources) -> tuple[Text, ...]:
    label = next((s.label for s in study.analysis_sets if s.name == e.population), e.population)
    events = Markup("<br>").join(f"{event}: {how}" for event, how in [*intercurrent(e.intercurrent), *_imputation(e)])
    handled = join([events, sources.badge(e.intercurrent)])
    how = sources.marked(method(e.analysis, study), e.analysis)
    return label, variable(e, study), handled, capital(e.summary), how


def _imputation(endpoint: Endpoint) -> list[tuple[str, str]]:
    return [("Imputation", endpoint.imputation.words)] if endpoint.imputation is not None else []


def _testing(study: Study, sources: Sources) -> Markup:
    testing = study.testing
    if not testing.hypotheses:
        why = f" {capital(testing.note)}." if testing.note else ""
        return sources.marked(f"The study file names no hypotheses to be tested along a graph.{why}", testing)
    number = len(testing.hypotheses)
    if number == 1:
        one = testing.hypotheses[0]
        level = f"at the two-sided {short_percent(testing.alpha)} level"
        reason = f"Reason: {testing.assumed or testing.derived}." if testing.assumed or testing.derived else ""
        text = f"One null hypothesis, {one.endpoint} of {one.arm} against {one.comparator}, is tested {level}."
        return join([sources.marked(text, testing), reason])
    if testing.procedure == "dunnett":
        text = (
            f"{capital(number_word(number))} null hypotheses, tested by Dunnett's single-step test at a two-sided "
            f"family-wise level of {short_percent(testing.alpha)}."
        )
        reason = f"Reason: {testing.assumed or testing.derived}." if testing.assumed or testing.derived else ""
        link = Markup('Decisions stand under <a href="#testing">Testing strategy</a>.')
        return join([sources.marked(text, testing), reason, link])
    text = (
        f"{capital(number_word(number))} null hypotheses, tested along a graph of "
        f"{testing.tests} at a two-sided family-wise level of {short_percent(testing.alpha)}."
    )
    link = Markup('It is drawn, with the decisions, under <a href="#testing">Testing graph</a>.')
    reason = f"Reason: {testing.assumed or testing.derived}." if testing.assumed or testing.derived else ""
    return join([sources.marked(text, testing), reason, link])


def _scenarios(study: Study, sources: Sources) -> list[Block]:
    lines = tuple(Line((capital(s.name), s.label, capital(_changes(s)), sources.badge(s))) for s in study.scenarios)
    columns = (
        Column("Scenario"),
        Column("What is true in it", wide=True),
        Column("How it is made", wide=True),
        Column("Basis"),
    )
    return [Table("table-truths", "Scenarios", columns, lines, origin="design")]


def _changes(scenario: Scenario) -> str:
    found = []
    if scenario.like:
        found.append(f"like “{scenario.like}”")
    found += [f"{arm} responds as {other}" for arm, other in scenario.response_as.items()]
    if scenario.dropout_times != 1:
        found.append(f"discontinuation times {plain(scenario.dropout_times)}")
    if scenario.rates:
        found.append(f"{plural(len(scenario.rates), 'rate')} stated by endpoint and visit")
    if scenario.dropout:
        found.append("discontinuation by arm")
    return "; ".join(found) or "as the cohort is"


def _ledgers(study: Study, sources: Sources) -> list[Block]:
    blocks: list[Block] = []
    for basis, heading in (("assumed", "Assumptions"), ("derived", "Derived figures")):
        table = ledger_table(study, basis, sources)
        if table is not None:
            number = sum(line.heading is None for line in table.lines)
            folded = Folded(f"{capital(basis)}, with the reason ({number})", (table,))
            blocks += [Heading(basis, heading), folded]
    return blocks
