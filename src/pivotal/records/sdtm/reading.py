"""A virtual trial read back from its SDTM: the study with a recipe for ADSL, and where its parameters stand."""

from __future__ import annotations

from typing import Any

from pivotal.records import layout
from pivotal.records.sdtm.design import SIMULATED
from pivotal.records.sdtm.drawn import part_of
from pivotal.study.model import Parameter, Study, Variable
from pivotal.study.origin import Origin
from pivotal.study.recipes import Recipe
from pivotal.study.sdtm import Finding

IN_DM = ("AGE", "SEX", "RACE", "ETHNIC")
"""Baseline variables that stand in DM under their own names."""

COMPLETED = "completed"
"""DSTERM of a patient who completed."""


def as_collected(study: Study) -> Study:
    """The study as it is analysed from the SDTM that `write_trial` writes.

    Parameters
    ----------
    study
        A study with `[sdtm]`.

    Returns
    -------
    Study
        With a recipe that derives ADSL from DM, DS, SV and findings, and with `from` of each parameter that has a test.

    Raises
    ------
    UsageError
        If the study file has no `[sdtm]`.

    Notes
    -----
    Screening counts are not in SDTM, which has the randomised patients only. What is derived is of the study's own
    visits: rows of the long-term period are left out.
    """
    parameters = tuple(_located(study, parameter) for parameter in study.parameters)
    return study.model_copy(update={"parameters": parameters, "datasets": (*study.datasets, _subjects(study))})


def _located(study: Study, parameter: Parameter) -> Parameter:
    test = part_of(study).test(parameter.name)
    if test is None:
        return parameter
    d = test.domain
    origin = Origin(dataset=d, where=f"{d}TESTCD = '{test.code}'", value=f"{d}STRESN", visit="VISIT")
    return parameter.model_copy(update={"origin": origin})


def _subjects(study: Study) -> Recipe:
    steps: list[dict[str, Any]] = [
        {"step": "compute", "columns": {layout.ARM: "ARM"}},
        {"step": "pick", "from": "TS", "by": ["STUDYID"], "where": f"TSPARMCD = '{SIMULATED}'",
         "columns": {layout.SIMULATED: "TSVAL"}},
        {"step": "pick", "from": "DS", "where": "DSCAT = 'DISPOSITION EVENT'", "order_by": ["DSSEQ"], "take": "first",
         "columns": {"DSTERM": "DSTERM"}},
        {"step": "compute", "columns": {
            layout.STATUS: f"CASE WHEN DSTERM = '{COMPLETED}' THEN '{layout.COMPLETED}' "
            f"WHEN DSTERM IS NOT NULL THEN '{layout.DISCONTINUED}' END",
            layout.REASON: f"CASE WHEN DSTERM <> '{COMPLETED}' THEN DSTERM END",
        }},
        {"step": "pick", "from": "SV", "where": f"VISITNUM <= {len(study.visits)}", "order_by": ["VISITNUM"],
         "take": "last", "columns": {layout.LAST_VISIT: "VISIT"}},
    ]  # fmt: skip
    for name, variable in study.variables.items():
        steps += _variable(study, name, variable)
    return Recipe.model_validate({
        "name": layout.ADSL, "label": "Subject-Level Analysis", "structure": "subject level", "keys": ["USUBJID"],
        "from": "DM", "steps": steps,
    })  # fmt: skip


def _variable(study: Study, name: str, variable: Variable) -> list[dict[str, Any]]:
    """The steps that bring a baseline variable; none where SDTM does not hold it."""
    part = part_of(study)
    if name in IN_DM:
        terms = part.terms.get(name, {})
        words = {terms.get(word, word.upper()): word for word in variable.categories or ()}
        return [{"step": "codes", "column": name, "into": name, "values": words}] if words else []
    found: Finding | None = part.test(name) or next((c for c in part.characteristics if c.variable == name), None)
    if found is None:
        return []
    d = found.domain
    value = f"{d}STRESC" if variable.type in ("category", "boolean") else f"CAST({d}STRESC AS DOUBLE)"
    where = f"{d}TESTCD = '{found.code}'"
    if part.test(name) is not None:
        where += f" AND VISIT = '{study.baseline_visit.name}'"
    return [{"step": "pick", "from": d, "where": where, "columns": {name: value}}]
