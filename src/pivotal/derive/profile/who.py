"""Who the patient is, and how long he was treated."""

from __future__ import annotations

from collections.abc import Mapping

from pivotal.derive.profile.cells import Cells, date_in, is_yes, number_of, text_of
from pivotal.records.patient import Fact
from pivotal.study.model import Study

SEXES = {"M": "Male", "F": "Female", "U": "Unknown", "UNDIFFERENTIATED": "Undifferentiated"}
SETS = {
    "ITTFL": "intention to treat", "FASFL": "full analysis", "SAFFL": "safety", "EFFFL": "efficacy",
    "PPROTFL": "per protocol", "COMPLFL": "completers", "ENRLFL": "enrolled", "RANDFL": "randomised",
}  # fmt: skip
EXPOSURE = {
    "TRTDURD": ("Duration of treatment", "days"),
    "TRTDUR": ("Duration of treatment", "days"),
    "AVGDD": ("Mean daily dose", None),
    "CUMDOSE": ("Cumulative dose", None),
}


def who(study: Study, adsl: Cells) -> tuple[Fact, ...]:
    """Age, sex, race, arm, dates, baseline variables of the study, analysis sets."""
    planned, actual = text_of(adsl, "TRT01P", "ARM"), text_of(adsl, "TRT01A", "ACTARM")
    facts: list[tuple[str, str | None]] = [
        ("Age", _age(adsl)),
        ("Sex", _named(SEXES, text_of(adsl, "SEX"))),
        ("Race", _people(text_of(adsl, "RACE"))),
        ("Ethnicity", _people(text_of(adsl, "ETHNIC"))),
        ("Country", text_of(adsl, "COUNTRY")),
        ("Site", text_of(adsl, "SITEID")),
        ("Arm", planned),
        ("Treated with", actual if actual != planned else None),
        ("Randomised", _date(adsl, "RANDDT")),
        ("First dose", _date(adsl, "TRTSDT", "RFXSTDTC", "RFSTDTC")),
        ("Last dose", _date(adsl, "TRTEDT", "RFXENDTC")),
        *_baseline(study, adsl),
        ("Analysis sets", _sets(adsl)),
    ]
    return tuple((label, value) for label, value in facts if value is not None)


def exposure(adsl: Cells, doses: list[Cells]) -> tuple[Fact, ...]:
    """Days of treatment and doses, as ADSL sums them up, and how many intervals of dosing are recorded."""
    units = {unit for row in doses if (unit := text_of(row, "EXDOSU", "ADOSEU")) is not None}
    unit = f" {units.pop()}" if len(units) == 1 else ""
    facts: dict[str, str] = {}
    for name, (words, own) in EXPOSURE.items():
        value = number_of(adsl, name)
        if value is not None and words not in facts:
            facts[words] = f"{value:,.10g}" + (f" {own}" if own else unit)
    if doses:
        facts["Intervals of dosing"] = str(len(doses))
    return tuple(facts.items())


def _age(adsl: Cells) -> str | None:
    age = number_of(adsl, "AGE")
    return None if age is None else f"{age:g} {(text_of(adsl, 'AGEU') or 'years').lower()}"


def _named(words: Mapping[str, str], code: str | None) -> str | None:
    return None if code is None else words.get(code.upper(), code)


def _people(words: str | None) -> str | None:
    """Races and origins in capitals as names: Black or African American."""
    if words is None or not words.isupper():
        return words
    return " ".join(word.lower() if word in ("OR", "AND", "OF") else word.title() for word in words.split())


def _date(adsl: Cells, *names: str) -> str | None:
    found = date_in(adsl, *names)
    return None if found is None else f"{found.day} {found:%b %Y}"


def _baseline(study: Study, adsl: Cells) -> list[tuple[str, str | None]]:
    """Numbers that the study file describes as known before treatment; what has been said already is left out."""
    said = {"AGE", "SEX", "RACE", "ETHNIC", "COUNTRY"}
    found: list[tuple[str, str | None]] = []
    for name, variable in study.variables.items():
        value = number_of(adsl, name)
        if name not in said and value is not None and variable.type != "boolean":
            unit = f" {variable.unit}" if variable.unit and variable.unit not in ("score", "points") else ""
            found.append((variable.label, f"{value:.6g}{unit}"))
    return found


def _sets(adsl: Cells) -> str | None:
    member = [words for name, words in SETS.items() if is_yes(adsl, name)]
    return ", ".join(member) or None
