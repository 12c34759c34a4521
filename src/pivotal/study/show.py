"""The trial in plain words, as `pivotal show` prints it.

Every figure taken from elsewhere names its source in brackets; what is derived or assumed says so. The keys in
brackets are explained at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pivotal.study.criteria import Criterion
from pivotal.study.model import Analysis, Dropout, Endpoint, Posted, Scenario, Study
from pivotal.study.topic_words import definition
from pivotal.study.words import figure, items, mark, number, sentence, table, value, wrapped


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines under it."""

    title: str
    lines: tuple[str, ...]


def describe(study: Study) -> str:
    """The whole trial in plain words.

    Examples
    --------
    >>> from pivotal.study.load import load
    >>> print(describe(load("true-ad3")).splitlines()[0])
    TRuE-AD3: Ruxolitinib cream in children aged 2 to 11 years with atopic dermatitis
    """
    head = f"{study.id}: {study.study.title}"
    parts = [head, "=" * min(len(head), 96)]
    for section in sections(study):
        parts += ["", section.title, "-" * len(section.title), *section.lines]
    return "\n".join(parts) + "\n"


def sections(study: Study) -> list[Section]:
    """The sections of the description, those without content left out."""
    made = {
        "The trial": _head(study),
        "Who may be enrolled": _population(study),
        "Arms": _arms(study),
        "Randomisation": _randomisation(study),
        "Periods": _periods(study),
        "Visits": _visits(study),
        "Parameters": _parameters(study),
        "Who is analysed": _sets(study),
        "Endpoints": _endpoints(study),
        "Testing strategy": _testing(study),
        "Data sets derived": _datasets(study),
        "Tables": _tables(study),
        "Safety topics": _topics(study),
        "Virtual patients": _cohort(study),
        "Scenarios": _scenarios(study),
        "Grids": _grids(study),
        "Published results": _posted(study),
        "Other published figures": _facts(study),
        "Sources": _sources(study),
    }
    return [Section(title, tuple(lines)) for title, lines in made.items() if lines]


def _head(study: Study) -> list[str]:
    head = study.study
    pairs = [
        ("Registry", head.registry),
        ("Phase", str(head.phase) if head.phase else None),
        ("Condition", head.condition),
        ("Objective", head.objective),
        ("Design", head.design),
        ("Masking", head.masking),
        ("Product file", head.product),
        ("Sponsor's number", head.sponsor_id),
        ("Planned", figure(head.planned) if head.planned else None),
        ("Randomised", figure(head.randomised) if head.randomised else None),
        ("Dates", "; ".join(f"{key.replace('_', ' ')} {day}" for key, day in head.dates.items()) or None),
        (
            "Patients",
            "virtual" if head.patients == "virtual" else f"real, from {head.data or 'a file given with --data'}",
        ),
        ("Conventions", f"those of {head.preset.upper()} where SAS and R differ" if head.preset else None),
        ("Note", head.note),
    ]
    said = [(key, text) for key, text in pairs if text]
    return items(said) + ([f"  What is not marked otherwise:{mark(head)}"] if mark(head) else [])


def _population(study: Study) -> list[str]:
    many = f"{study.population.size} patients" if study.population.size is not None else "The patients of the data"
    size = f"{many} in one trial{mark(study.population)}."
    lines = wrapped(size, indent="  ")
    for kind, title in (("inclusion", "Included"), ("exclusion", "Excluded")):
        chosen = [c for c in study.population.criteria if c.kind == kind]
        if chosen:
            lines += ["", f"  {title}:", *items([_criterion(study, c) for c in chosen], indent="    ")]
    return lines


def _criterion(study: Study, criterion: Criterion) -> tuple[str, str]:
    machine = sentence(criterion, study.variables)
    when = f"; at {' and '.join(criterion.at)}" if criterion.at else ""
    text = f"{criterion.text} ({machine}{when})" if criterion.text else f"{machine}{when}"
    note = f" Note: {criterion.note}." if criterion.note else ""
    return criterion.id or "-", text + mark(criterion) + note


def _arms(study: Study) -> list[str]:
    pairs = []
    for arm in study.arms:
        what = arm.treatment or arm.label or arm.name
        regimen = f", {arm.regimen}" if arm.regimen else ""
        control = "; control" if arm.control else ""
        ratio = f"; ratio {arm.ratio}" if study.randomisation.method != "as recorded" else ""
        dose = f"; dose {arm.dose:g}" if arm.dose is not None else ""
        pairs.append((arm.name, f"{what}{regimen}{control}{dose}{ratio}{mark(arm)}"))
    return items(pairs)


def _randomisation(study: Study) -> list[str]:
    randomisation = study.randomisation
    ratio = ":".join(str(arm.ratio) for arm in study.arms)
    sizes = f", blocks of {_either(map(str, randomisation.block_sizes))}" if randomisation.block_sizes else ""
    ratio = "" if randomisation.method == "as recorded" else f", {ratio}"
    lines = wrapped(f"{randomisation.method}{ratio}{sizes}{mark(randomisation)}", indent="  ")
    for stratum in randomisation.strata:
        labels = _either(level.label for level in stratum.levels)
        text = f"by {stratum.label or stratum.name} ({stratum.name}): {labels}{mark(stratum)}"
        lines += wrapped(text, indent="  ", hang="    ")
    return lines


def _periods(study: Study) -> list[str]:
    pairs = []
    for period in study.periods:
        weeks = f"weeks {number(period.from_week)} to {number(period.to_week)}"
        text = ". ".join(part for part in (f"{period.label or period.name}, {weeks}", period.rule) if part)
        for criterion in period.criteria:
            text += f". To enter: {' '.join(_criterion(study, criterion))}"
        for again in period.rerandomise:
            ratio = ":".join(map(str, again.ratio))
            text += f". {again.arm} re-randomised {ratio} to {_either(again.to)}{mark(again)}"
        if period.visits:
            text += f". Visits: {_both(v.name for v in period.visits)}"
        pairs.append((period.name, text + mark(period) + (f" Note: {period.note}." if period.note else "")))
    return items(pairs)


def _visits(study: Study) -> list[str]:
    pairs = []
    for visit in study.visits:
        first = "; baseline" if visit.baseline else ""
        measures = f": {', '.join(visit.measures)}" if visit.measures else ""
        note = f" ({visit.note})" if visit.note else ""
        pairs.append((visit.name, f"day {visit.day}{first}{measures}{note}{mark(visit)}"))
    return items(pairs)


def _parameters(study: Study) -> list[str]:
    pairs = []
    for parameter in study.parameters:
        span = f", {number(parameter.range[0])} to {number(parameter.range[1])}" if parameter.range else ""
        unit = f" {parameter.unit}" if parameter.unit else ""
        whole = ", whole numbers" if parameter.integer else ""
        better = f"; {parameter.better} is better"
        origin = parameter.origin
        taken = f"; from {origin.dataset} where {origin.condition(parameter.name)}" if origin is not None else ""
        pairs.append((parameter.name, f"{parameter.label}{span}{unit}{whole}{better}{taken}{mark(parameter)}"))
    return items(pairs)


def _sets(study: Study) -> list[str]:
    pairs = []
    for group in study.analysis_sets:
        asked = "; ".join(sentence(criterion, study.variables) for criterion in group.criteria)
        pairs.append((group.name, group.label + (f" ({asked})" if asked else "") + mark(group)))
    return items(pairs)


def _endpoints(study: Study) -> list[str]:
    lines: list[str] = []
    for endpoint in study.endpoints:
        lines += ([""] if lines else []) + [f"  {endpoint.name} ({endpoint.role})"]
        lines += items(_estimand(study, endpoint), indent="    ")
    return lines


def _estimand(study: Study, endpoint: Endpoint) -> list[tuple[str, str]]:
    also = f", also at {_both(endpoint.visits)}" if endpoint.visits else ""
    events = endpoint.intercurrent
    handled = f"discontinuation: {events.discontinuation}; rescue: {events.rescue}; missing: {events.missing}"
    pairs = [
        ("Population", endpoint.population),
        ("Variable", f"{endpoint.label}{mark(endpoint)}"),
        ("Derived as", _derivation(endpoint)),
        ("When", f"{endpoint.visit}{also}"),
        ("Other events", handled + mark(events)),
        ("Summary", endpoint.summary),
        ("Analysis", _analysis(endpoint.analysis)),
    ]
    if endpoint.imputation is not None:
        pairs.append(("Imputed", f"{endpoint.imputation.words}{mark(endpoint.imputation)}"))
    pairs += [("Further" if i == 0 else "", _analysis(a)) for i, a in enumerate(endpoint.supplementary)]
    return pairs + ([("Note", endpoint.note)] if endpoint.note else [])


def _derivation(endpoint: Endpoint) -> str:
    derive = endpoint.derive
    if derive.mean_over:
        return f"mean {derive.quantity} of {derive.parameter} over {_both(derive.mean_over)}, of those that are there"
    if derive.quantity is not None:
        return f"{derive.quantity} of {derive.parameter}"
    words = {
        "value_at_most": "at most {}",
        "value_at_least": "at least {}",
        "value_equals": "equal to {}",
        "improvement_at_least": "improved by at least {}",
        "percent_improvement_at_least": "improved by at least {} %",
    }
    said = [text.format(number(v)) for key, text in words.items() if (v := getattr(derive, key)) is not None]
    return f"{derive.parameter} {' and '.join(said)}".rstrip()


def _analysis(analysis: Analysis) -> str:
    name = f"{analysis.name}: " if analysis.name else ""
    covariates = f" with {', '.join(analysis.covariates)}" if analysis.covariates else ""
    visits = f" at {_both(analysis.visits)}" if analysis.visits else ""
    chosen = "".join(f", {key} {value}" for key, value in analysis.chosen.items())
    chosen += ", all pairs of arms" if analysis.pairs == "all" else ""
    return f"{name}{analysis.method}{covariates}{visits}{chosen}, {100 * analysis.level:g} % interval{mark(analysis)}"


def _datasets(study: Study) -> list[str]:
    return items([(r.name, f"{r.label}, from {r.from_} in {len(r.steps)} steps{mark(r)}") for r in study.datasets])


def _tables(study: Study) -> list[str]:
    pairs = []
    for each in study.tables:
        apart = " (unanchored: no printed number to compare with)" if each.unanchored else ""
        pairs.append((each.id, f"{each.title}, {each.kind}{apart}{mark(each)}"))
    return items(pairs)


def _testing(study: Study) -> list[str]:
    testing = study.testing
    limits = f"; {testing.limits}" if testing.intervals else ""
    said = f"{testing.procedure}, two-sided, alpha {testing.alpha:g} in all{limits}{mark(testing)}."
    lines = wrapped(said, indent="  ")
    for hypothesis in testing.hypotheses:
        start = f"starts with {hypothesis.weight:g} of alpha" if hypothesis.weight else "starts with none"
        leaves = [e for e in testing.edges if e.from_ == hypothesis.name]
        goes = _both(f"{e.to}" + (f" ({e.weight:g})" if e.weight != 1 else "") for e in leaves)
        then = f"; when rejected, its alpha goes to {goes}" if leaves else "; when rejected, its alpha ends here"
        pair = f"{hypothesis.arm} against {hypothesis.comparator} on {hypothesis.endpoint}"
        if testing.procedure == "dunnett":
            lines += wrapped(f"{hypothesis.name}: {pair}{mark(hypothesis)}", indent="  - ", hang="    ")
            continue
        lines += wrapped(f"{hypothesis.name}: {pair}; {start}{then}{mark(hypothesis)}", indent="  - ", hang="    ")
    return lines


def _topics(study: Study) -> list[str]:
    return items([(topic.label, definition(topic)) for topic in study.topics])


def _cohort(study: Study) -> list[str]:
    cohort = study.cohort
    if cohort is None:
        return []
    lines = wrapped(f"Model: {cohort.model}{mark(cohort)}.", indent="  ")
    pairs = []
    for row in cohort.baseline:
        if row.shares is not None:
            text = ", ".join(f"{label} {100 * share:.1f} %" for label, share in row.shares.items())
        else:
            text = f"mean {row.mean:g}, SD {row.sd:g}" if row.mean is not None and row.sd is not None else ""
        span = f", {number(row.range[0])} to {number(row.range[1])}" if row.range else ""
        pairs.append((row.variable, text + span + mark(row) + (f" ({row.note})" if row.note else "")))
    lines += ["", "  Baseline of the enrolled:", *items(pairs, indent="    ")] if pairs else []
    failing = [
        (row.variable, f"{row.percent:g} % show {_either(map(value, row.values))}{mark(row)}")
        for row in cohort.screening
    ]
    lines += ["", "  Candidates who fail at screening:", *items(failing, indent="    ")] if failing else []
    settings = [(key, figure(value)) for key, value in cohort.settings.items()]
    lines += ["", "  Settings of the model:", *items(settings, indent="    ")] if settings else []
    return lines


def _scenarios(study: Study) -> list[str]:
    lines: list[str] = []
    for scenario in study.scenarios:
        lines += [""] if lines else []
        lines += wrapped(f"{scenario.name}: {scenario.label}{mark(scenario)}", indent="  ", hang="    ")
        lines += items(_changes(scenario), indent="    ")
        if scenario.rates:
            lines += table(
                ("endpoint", "visit", *(arm.name for arm in study.arms), "from"), _rates(study, scenario), indent="    "
            )
        lines += items([(f"Leaving, {d.arm}", _dropout(d)) for d in scenario.dropout], indent="    ", widest=32)
    return lines


def _changes(scenario: Scenario) -> list[tuple[str, str]]:
    pairs = [("As in", scenario.like)] if scenario.like else []
    pairs += [("But", f"{arm} responds as {other}") for arm, other in scenario.response_as.items()]
    if scenario.dropout_times != 1:
        pairs.append(("But", f"{scenario.dropout_times:g} times as many leave early"))
    return pairs


def _rates(study: Study, scenario: Scenario) -> list[list[str]]:
    rows = []
    for rates in scenario.rates:
        cells = []
        for arm in study.arms:
            rate = rates.arms[arm.name]
            percent = f"{100 * rates.proportion(arm.name):.1f} %"
            cells.append(f"{rate[0]}/{rate[1]} {percent}" if isinstance(rate, tuple) else percent)
        rows.append([rates.endpoint, rates.visit, *cells, mark(rates, brief=True).strip(" []")])
    return rows


def _dropout(dropout: Dropout) -> str:
    count = f"{dropout.x} of {dropout.n} " if dropout.x is not None else ""
    reasons = ", ".join(f"{reason} {number(count)}" for reason, count in dropout.reasons.items())
    return f"{count}({100 * dropout.proportion:.1f} %){': ' if reasons else ''}{reasons}{mark(dropout)}"


def _grids(study: Study) -> list[str]:
    lines: list[str] = []
    for grid in study.grids:
        lines += wrapped(f"{grid.name}: {grid.label}, by {grid.method}{mark(grid)}", indent="  ", hang="    ")
        pairs = [
            ("Patients", ", ".join(map(str, grid.sizes))),
            ("Rate in the control arm", ", ".join(f"{100 * rate:g} %" for rate in grid.control_rates)),
            ("Difference", ", ".join(f"{100 * difference:g} points" for difference in grid.differences)),
        ]
        lines += items(pairs, indent="    ")
    return lines


def _posted(study: Study) -> list[str]:
    lines: list[str] = []
    header = ("visit", "arm", "what", "count", "value", "interval", "p", "from")
    for endpoint in study.endpoints:
        rows = [_posted_row(row) for row in study.posted if row.endpoint == endpoint.name]
        if rows:
            lines += [*([""] if lines else []), f"  {endpoint.name}", *table(header, rows, left=3, indent="    ")]
    return lines


def _posted_row(row: Posted) -> list[str]:
    digits = row.digits if row.digits is not None else 1
    limits = digits if row.limit_digits is None else row.limit_digits
    said = "" if row.value is None else f"{row.value:.{digits}f}{' %' if 'rate' in row.statistic else ''}"
    interval = "" if row.low is None or row.high is None else f"{row.low:.{limits}f} to {row.high:.{limits}f}"
    if row.se is not None:
        interval = f"SE {row.se:.{limits}f}"
    count = "" if row.n is None else f"{row.x}/{row.n}" if row.x is not None else f"n={row.n}"
    what = {"rate among completers": "of completers"}.get(row.statistic, row.statistic)
    return [row.visit, row.arm, what, count, said, interval, row.p or "", mark(row, brief=True).strip(" []")]


def _facts(study: Study) -> list[str]:
    return items([(key, figure(value)) for key, value in study.study.facts.items()], widest=60)


def _sources(study: Study) -> list[str]:
    return items([(key, f"{s.cite}{f'. {s.url}' if s.url else ''}") for key, s in study.sources.items()])


def _both(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else ""


def _either(names: Iterable[str]) -> str:
    return _both(names).replace(" and ", " or ")
