"""The layout of the data sets: which columns ADSL, ADEFF and SCREEN have, and what the study adds to them.

ADSL has a row a patient: identifiers, arm, baseline variables and stratification factors by the study file's names, and
how the patient left. ADEFF has a row a patient, parameter and visit at which there is a value: what is missing has no
row. SCREENING has a row a count. SIMFL is ``Y`` where the patients are virtual and ``N`` where they are real.
"""

from __future__ import annotations

from pivotal.study.model import Stratum, Study

ADSL = "ADSL"
ADEFF = "ADEFF"
SCREEN = "SCREENING"
SHORT = "SCREEN"
"""What SCREENING is called where a name has at most 8 bytes."""

STUDY = "STUDYID"
PATIENT = "USUBJID"
ARM = "TRT01P"
PARAMETER = "PARAMCD"
VISIT = "AVISIT"
VALUE = "AVAL"
STATUS = "EOSSTT"
REASON = "DCSREAS"
LAST_VISIT = "LSTVIS"
SIMULATED = "SIMFL"
EVENT = "EVENT"
CRITERION = "CRITERION"
SHORT_CRITERION = "CRIT"
"""What CRITERION is called where a name has at most 8 bytes."""
COUNT = "COUNT"

COMPLETED = "COMPLETED"
DISCONTINUED = "DISCONTINUED"
NOT_RECORDED = "reason not specified"
"""The reason of a patient who left and of whom no reason is given."""

YES, NO = "Y", "N"
SCREENED, FAILED = "screened", "screen failure"

HEAD = (STUDY, PATIENT, "SUBJID", "ARM", ARM, "TRT01PN")
TAIL = ("ITTFL", STATUS, REASON, LAST_VISIT, SIMULATED)
RESERVED = frozenset(HEAD + TAIL)
"""Columns of ADSL that no variable may be called."""


def extra_strata(study: Study) -> tuple[Stratum, ...]:
    """The stratification factors that have a column of their own: those that are not named like a variable."""
    return tuple(s for s in study.randomisation.strata if s.name not in study.variables)


def needed(study: Study) -> tuple[str, ...]:
    """The variables without which the study's own analyses cannot be done.

    Returns
    -------
    tuple of str
        Variables behind stratification factors, covariates and analysis sets, in the study file's order.
    """
    factors = {s.name: s.variable for s in study.randomisation.strata}
    names = set(factors.values())
    for endpoint in study.endpoints:
        for analysis in (endpoint.analysis, *endpoint.supplementary):
            names |= {factors.get(covariate, covariate) for covariate in analysis.covariates}
    for analysis_set in study.analysis_sets:
        names = names.union(*(criterion.variables() for criterion in analysis_set.criteria))
    return tuple(name for name in study.variables if name in names)


def reasons(study: Study) -> tuple[str, ...]:
    """Every way to leave that the study file knows of, "completed" first; arms in the study's order."""
    arms = [arm.name for arm in study.arms]
    named: list[str] = []
    for scenario in study.scenarios:
        for drop in sorted(scenario.dropout, key=lambda d: arms.index(d.arm)):
            some = bool(drop.percent or drop.x)
            named += drop.reasons or ([NOT_RECORDED] if some else [])
    return tuple(dict.fromkeys(("completed", *named)))


def planned(study: Study) -> tuple[tuple[str, str], ...]:
    """Every (PARAMCD, visit) that the schedule plans, by visit."""
    return tuple((parameter, visit.name) for visit in study.visits for parameter in visit.measures)


def visit_names(study: Study) -> tuple[str, ...]:
    """Names of the visits, in the schedule's order."""
    return tuple(visit.name for visit in study.visits)


def first_visit(study: Study) -> int:
    """Position of the baseline visit: who was randomised was there."""
    return study.visit_index(study.baseline_visit.name)
