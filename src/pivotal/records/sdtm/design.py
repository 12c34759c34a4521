"""TA, TE, TV, TI and TS: the trial's design, from the study file."""

from __future__ import annotations

import polars as pl

from pivotal.records.define.describing import Description, Field
from pivotal.records.sdtm.drawn import Drawn
from pivotal.records.sdtm.people import DOMAIN, EPOCH, STUDY, arm_code
from pivotal.study.criteria import Criterion
from pivotal.study.model import Period, Study
from pivotal.study.words import sentence

SIMULATED = "SIMFL"
"""The trial summary parameter that marks virtual patients; sponsor-defined, as CDISC has none."""

PARAMETERS = {
    "ACTSUB": "Actual Number of Subjects",
    "AGEMAX": "Planned Maximum Age of Subjects",
    "AGEMIN": "Planned Minimum Age of Subjects",
    "INDIC": "Trial Indication",
    "INTMODEL": "Intervention Model",
    "LENGTH": "Trial Length",
    "NARMS": "Planned Number of Arms",
    "OBJPRIM": "Trial Primary Objective",
    "OUTMSPRI": "Primary Outcome Measure",
    "PLANSUB": "Planned Number of Subjects",
    "RANDOM": "Trial is Randomized",
    "REGID": "Registry Identifier",
    "SEXPOP": "Sex of Participants",
    SIMULATED: "Subjects are Simulated",
    "SPONSOR": "Clinical Study Sponsor",
    "SSTDTC": "Study Start Date",
    "STRATFCT": "Stratification Factor",
    "STYPE": "Study Type",
    "TBLIND": "Trial Blinding Schema",
    "TCNTRL": "Control Type",
    "TITLE": "Trial Title",
    "TPHASE": "Trial Phase Classification",
    "TRT": "Investigational Therapy or Treatment",
    "TTYPE": "Trial Type",
}
"""Trial summary parameters and their names."""

PHASES = {1: "PHASE I TRIAL", 2: "PHASE II TRIAL", 3: "PHASE III TRIAL", 4: "PHASE IV TRIAL"}
BLINDING = {
    "single": "SINGLE BLIND", "double": "DOUBLE BLIND", "triple": "DOUBLE BLIND", "quadruple": "DOUBLE BLIND",
    "none": "OPEN LABEL", "open": "OPEN LABEL",
}  # fmt: skip
"""TBLIND by the first word of the study file's masking."""


def _protocol(name: str, label: str, role: str, *, own: bool = False, decode: str | None = None) -> Field:
    codelist = "own" if own else None
    return Field(name=name, label=label, role=role, origin="Protocol", codelist=codelist, decode=decode)


def _design(
    name: str, label: str, structure: str, keys: tuple[str, ...], *fields: Field, comment: str = ""
) -> Description:
    return Description(
        name=name,
        label=label,
        structure=structure,
        class_="TRIAL DESIGN",
        keys=keys,
        reference=True,
        repeating=False,
        fields=(STUDY, DOMAIN, *fields),
        comment=comment,
    )


ARMCD = _protocol("ARMCD", "Planned Arm Code", "Topic", own=True)
ETCD = _protocol("ETCD", "Element Code", "Topic", own=True, decode="ELEMENT")
ELEMENT = _protocol("ELEMENT", "Description of Element", "Synonym Qualifier", own=True)

TA = _design(
    "TA", "Trial Arms", "One record per planned element per arm", ("STUDYID", "ARMCD", "TAETORD"),
    ARMCD, _protocol("ARM", "Description of Planned Arm", "Synonym Qualifier", own=True),
    _protocol("TAETORD", "Planned Order of Element within Arm", "Timing"),
    ETCD, ELEMENT, _protocol("TABRANCH", "Branch", "Rule"), _protocol("TATRANS", "Transition Rule", "Rule"), EPOCH,
    comment="Those periods of the study file in which the virtual trial has visits.",
)  # fmt: skip
TE = _design(
    "TE", "Trial Elements", "One record per planned element", ("STUDYID", "ETCD"),
    ETCD, ELEMENT, _protocol("TESTRL", "Rule for Start of Element", "Rule"),
    _protocol("TEENRL", "Rule for End of Element", "Rule"), _protocol("TEDUR", "Planned Duration of Element", "Timing"),
)  # fmt: skip
TV = _design(
    "TV", "Trial Visits", "One record per planned visit", ("STUDYID", "VISITNUM"),
    _protocol("VISITNUM", "Visit Number", "Topic"), _protocol("VISIT", "Visit Name", "Synonym Qualifier"),
    _protocol("VISITDY", "Planned Study Day of Visit", "Timing"),
    _protocol("ARMCD", "Planned Arm Code", "Record Qualifier"), _protocol("TVSTRL", "Visit Start Rule", "Rule"),
)  # fmt: skip
TI = _design(
    "TI", "Trial Inclusion/Exclusion", "One record per inclusion or exclusion criterion", ("STUDYID", "IETESTCD"),
    _protocol("IETESTCD", "Incl/Excl Criterion Short Name", "Topic"),
    _protocol("IETEST", "Inclusion/Exclusion Criterion", "Synonym Qualifier"),
    _protocol("IECAT", "Inclusion/Exclusion Category", "Grouping Qualifier", own=True),
)  # fmt: skip
TS = _design(
    "TS", "Trial Summary", "One record per trial summary parameter value", ("STUDYID", "TSPARMCD", "TSSEQ"),
    Field(name="TSSEQ", label="Sequence Number", role="Identifier", origin="Derived",
          method="Numbered from 1 within each parameter."),
    _protocol("TSPARMCD", "Trial Summary Parameter Short Name", "Topic", own=True, decode="TSPARM"),
    _protocol("TSPARM", "Trial Summary Parameter", "Synonym Qualifier", own=True),
    _protocol("TSVAL", "Parameter Value", "Result Qualifier"),
    comment=f"{SIMULATED} is sponsor-defined: Y says that every patient is made up.",
)  # fmt: skip


def _periods(drawn: Drawn) -> list[Period]:
    """The periods that begin before the last visit; one of treatment where the study file has none."""
    last = drawn.offset(len(drawn.visits) - 1)
    found = [p for p in drawn.study.periods if p.from_week * 7 < max(last, 1)]
    return found or [Period(name="TRT", label="Treatment", from_week=0, to_week=max(last, 1) / 7)]


def _elements(drawn: Drawn) -> list[dict[str, object]]:
    """Each arm's elements, in order: a period under the arm's treatment, or those that the arm is allocated anew to."""
    periods = _periods(drawn)
    return [
        {
            "STUDYID": drawn.study.id, "ARMCD": arm_code(a), "ARM": arm.name, "TAETORD": order,
            "ETCD": f"E{order}{arm_code(a)}",
            "ELEMENT": f"{period.label or period.name}: {' or '.join(_treatments(drawn.study, period, arm.name))}",
            "TABRANCH": _branch(period, arm.name, order), "TATRANS": _transition(periods[order:]),
            "EPOCH": drawn.period_epoch(period.name),
            "TESTRL": "Randomisation" if order == 1 else f"End of Week {period.from_week:g}",
            "TEENRL": f"End of Week {period.to_week:g}", "TEDUR": _duration(period.to_week - period.from_week),
        }
        for a, arm in enumerate(drawn.study.arms)
        for order, period in enumerate(periods, 1)
    ]  # fmt: skip


def _treatments(study: Study, period: Period, arm: str) -> list[str]:
    """The treatments that an arm's patients may be given in a period."""
    return [treatment for given, treatment in study.treatments(period) if given == arm]


def _branch(period: Period, arm: str, order: int) -> str | None:
    """How patients come to an element's treatment."""
    if order == 1:
        return f"Randomised to {arm}"
    anew = next((each for each in period.rerandomise if each.arm == arm), None)
    return f"Randomised anew to {' or '.join(anew.to)}, {':'.join(map(str, anew.ratio))}" if anew else None


def _transition(following: list[Period]) -> str | None:
    """Who goes on to the next element."""
    if not following or following[0].enters != "completers":
        return None
    return f"Patients who completed may go on: {following[0].label or following[0].name}"


def _duration(weeks: float) -> str:
    """A duration by ISO 8601: whole weeks, or days."""
    return f"P{weeks:.0f}W" if float(weeks).is_integer() else f"P{round(weeks * 7)}D"


def ta(drawn: Drawn) -> pl.DataFrame:
    """The elements of each arm."""
    text = {"TABRANCH": pl.String, "TATRANS": pl.String}
    return pl.DataFrame(_elements(drawn), schema_overrides=text).with_columns(pl.lit("TA").alias("DOMAIN"))


def te(drawn: Drawn) -> pl.DataFrame:
    """The elements."""
    frame = pl.DataFrame(_elements(drawn), schema_overrides={"TABRANCH": pl.String, "TATRANS": pl.String})
    return frame.unique("ETCD", maintain_order=True).with_columns(pl.lit("TE").alias("DOMAIN"))


def tv(drawn: Drawn) -> pl.DataFrame:
    """The visits."""
    visits = drawn.visits
    return pl.DataFrame({
        "STUDYID": drawn.study.id, "DOMAIN": "TV", "VISITNUM": range(1, len(visits) + 1),
        "VISIT": [visit.name for visit in visits], "VISITDY": [drawn.planned_day(v) for v in range(len(visits))],
        "ARMCD": pl.repeat(None, len(visits), dtype=pl.String, eager=True),
        "TVSTRL": [f"Day {drawn.planned_day(v)} from randomisation" for v in range(len(visits))],
    })  # fmt: skip


def ti(drawn: Drawn) -> pl.DataFrame | None:
    """The criteria."""
    criteria = drawn.study.population.criteria
    if not criteria:
        return None
    return pl.DataFrame({
        "STUDYID": drawn.study.id, "DOMAIN": "TI",
        "IETESTCD": [each.id or f"IE{n:02}" for n, each in enumerate(criteria, 1)],
        "IETEST": [each.text or _words(drawn.study, each) for each in criteria],
        "IECAT": [each.kind.upper() for each in criteria],
    })  # fmt: skip


def _words(study: Study, criterion: Criterion) -> str:
    return sentence(criterion, study.variables)


def ts(drawn: Drawn) -> pl.DataFrame:
    """The summary: a row a parameter and value."""
    rows = [(code, value) for code, values in _summary(drawn).items() for value in values]
    codes = [code for code, _ in rows]
    numbers = [codes[:n].count(code) + 1 for n, code in enumerate(codes)]
    return pl.DataFrame({
        "STUDYID": drawn.study.id, "DOMAIN": "TS", "TSSEQ": numbers, "TSPARMCD": codes,
        "TSPARM": [PARAMETERS.get(code, code) for code in codes], "TSVAL": [value for _, value in rows],
    })  # fmt: skip


def _summary(drawn: Drawn) -> dict[str, list[str]]:
    """The values of each trial summary parameter, by code in alphabetical order."""
    study, head = drawn.study, drawn.study.study
    masking = (head.masking or "").replace(":", " ").split()
    control = study.arms[study.control].name
    values: dict[str, list[str | None]] = {
        "ACTSUB": [str(drawn.trials.shape[1])],
        "INDIC": [head.condition],
        "INTMODEL": ["PARALLEL" if head.design.startswith("parallel") else None],
        "NARMS": [str(len(study.arms))],
        "OBJPRIM": [head.objective],
        "OUTMSPRI": [e.label for e in study.endpoints if e.role == "primary"],
        "PLANSUB": [f"{head.planned.value:g}" if head.planned and head.planned.value is not None else None],
        "RANDOM": ["N" if study.randomisation.method == "as recorded" else "Y"],
        "REGID": [head.registry],
        SIMULATED: ["Y" if drawn.trials.virtual else "N"],
        "SSTDTC": [head.dates.get("start")],
        "STRATFCT": [s.label or s.name for s in study.randomisation.strata],
        "STYPE": ["INTERVENTIONAL"],
        "TBLIND": [BLINDING.get(masking[0].lower()) if masking else None],
        "TITLE": [head.title],
        "TPHASE": [PHASES[head.phase] if head.phase is not None else None],
        "TRT": [e.treatment for e in drawn.part.exposure if e.arm != control],
    }
    given: dict[str, list[str | None]] = {code: [value] for code, value in drawn.part.summary.items()}
    return {code: list(dict.fromkeys(v for v in found if v)) for code, found in sorted((values | given).items())}
