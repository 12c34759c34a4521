"""The trial written down: one frozen model for each part of a study file.

A figure taken from elsewhere names its `source`; what was computed from published figures is `derived`, what nothing
public says is `assumed`. Cross-references between the parts are checked in `checks.py`, all at once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pivotal.errors import UsageError
from pivotal.study.base import Basis, Figure, Name, Part, Probability, Sourced
from pivotal.study.criteria import Criterion
from pivotal.study.mapping import ColumnMap, DataMap, ParameterMap, VisitMap
from pivotal.study.methods import (
    Correlation,
    Covariance,
    Df,
    Effect,
    Kind,
    Method,
    Pairs,
    Preset,
    StratumWeights,
    Test,
    Ties,
    Treatment,
    Variance,
    Weighting,
    options,
)
from pivotal.study.monitoring import SafetyMonitoring
from pivotal.study.origin import Disposition, Origin
from pivotal.study.periods import (
    OTHER,
    Dosing,
    Following,
    LongTermSettings,
    Period,
    PeriodResult,
    PostedEvent,
    Rerandomise,
    Visit,
)
from pivotal.study.published import Posted
from pivotal.study.recipes import Recipe
from pivotal.study.sdtm import Sdtm
from pivotal.study.tables import Table
from pivotal.study.topics import Topic
from pivotal.study.virtual import Baseline, Cohort, Dropout, Grid, Rates, Scenario, Screening

__all__ = [
    "Analysis",
    "AnalysisSet",
    "Arm",
    "Baseline",
    "Basis",
    "Cohort",
    "ColumnMap",
    "DataMap",
    "Derivation",
    "Disposition",
    "Dosing",
    "Dropout",
    "Edge",
    "Endpoint",
    "Figure",
    "Following",
    "Grid",
    "Hypothesis",
    "Imputation",
    "Intercurrent",
    "Level",
    "LongTermSettings",
    "Method",
    "Name",
    "Origin",
    "Parameter",
    "ParameterMap",
    "Part",
    "Period",
    "PeriodResult",
    "Population",
    "Posted",
    "PostedEvent",
    "Probability",
    "Randomisation",
    "Rates",
    "Rerandomise",
    "Scenario",
    "Screening",
    "Source",
    "Sourced",
    "Strategy",
    "Stratum",
    "Study",
    "StudyHead",
    "Testing",
    "Topic",
    "Variable",
    "Visit",
    "VisitMap",
]


class Source(Part):
    """Where figures come from; `cite` puts the registry number, DOI or PMID first."""

    cite: Name
    text: str | None = None
    url: str | None = None


class StudyHead(Sourced):
    """Who the trial is."""

    id: Name
    title: Name
    registry: str | None = None
    phase: Literal[1, 2, 3, 4] | None = None
    condition: str | None = None
    sponsor_id: str | None = None
    masking: str | None = None
    design: str = "parallel group"
    objective: str | None = None
    patients: Literal["virtual", "real"] = "virtual"
    missing: tuple[str, ...] = Field(
        default=(), description="texts of CSV files of data sets that mean a missing value, besides the empty one"
    )
    preset: Preset | None = Field(
        default=None,
        description="whose conventions the analyses follow where SAS and R differ, unless one says otherwise",
    )
    data: str | None = Field(default=None, description="shipped data set of a real trial, beside the study file")
    product: str | None = Field(default=None, description="product file of what was tried: shipped by name, or a path")
    planned: Figure | None = None
    randomised: Figure | None = None
    facts: dict[str, Figure] = Field(default_factory=dict)
    dates: dict[str, str] = Field(default_factory=dict)


class Variable(Sourced):
    """A subject-level variable that criteria, strata and covariates speak about."""

    label: Name
    type: Literal["number", "integer", "boolean", "category"]
    unit: str | None = None
    range: tuple[float, float] | None = None
    categories: tuple[str, ...] | None = None
    column: str | None = Field(default=None, description="column of the data set, where it has another name")
    usual: float | bool | str | None = Field(
        default=None, description="what a candidate shows where nothing else says what to draw: 9999 weeks for never"
    )


class Population(Sourced):
    """Who may be enrolled, and how many."""

    size: int | None = Field(
        default=None,
        ge=2,
        description="patients randomised in one trial; those of the data where a real trial has none",
    )
    criteria: tuple[Criterion, ...] = ()


class AnalysisSet(Sourced):
    """Who is analysed (ITT, safety, the itch set): criteria on baseline variables."""

    name: Name
    label: Name
    criteria: tuple[Criterion, ...] = ()


class Arm(Sourced):
    """One arm."""

    name: Name
    label: str | None = None
    ratio: int = Field(ge=1)
    control: bool = False
    treatment: str | None = None
    regimen: str | None = None
    dose: float | None = Field(default=None, ge=0, description="for a dose response: 54 (mg a day)")


class Level(Part):
    """One level of a stratification factor: a label and the values that it holds."""

    label: Name
    any_of: tuple[float | str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None


class Stratum(Sourced):
    """A stratification factor."""

    name: Name
    variable: Name
    label: str | None = None
    levels: tuple[Level, ...] = Field(min_length=1)


class Randomisation(Sourced):
    """How arms are allocated."""

    method: Literal["stratified permuted blocks", "simple", "minimisation", "as recorded"]
    strata: tuple[Stratum, ...] = ()
    block_sizes: tuple[int, ...] = ()
    probability: Probability = 0.8


class Parameter(Sourced):
    """What is measured at visits: a PARAMCD, its instrument and its allowed values."""

    name: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z][A-Z0-9_]*$")]
    label: Name
    instrument: str | None = None
    unit: str | None = None
    range: tuple[float, float] | None = None
    integer: bool = False
    better: Literal["lower", "higher"] = "lower"
    origin: Origin | None = Field(default=None, alias="from", description="where its values stand in ADaM")


class Derivation(Part):
    """How an endpoint's value comes from a parameter; all conditions of a binary endpoint hold together."""

    parameter: Name
    value_at_most: float | None = None
    value_at_least: float | None = None
    value_equals: float | None = None
    improvement_at_least: float | None = None
    percent_improvement_at_least: float | None = None
    improvement: Literal["fall", "rise"] = Field(
        default="fall", description="what an improvement is; the parameter's `better` says it when a file is read"
    )
    quantity: Literal["value", "change", "percent change"] | None = None
    event: Name | None = Field(
        default=None,
        description="of a recorded time in days: the parameter that is 1 where it is the event's, 0 where censored",
    )
    mean_over: tuple[str, ...] = Field(default=(), description="visits over whose values the mean is taken, if seen")

    @property
    def is_binary(self) -> bool:
        """Whether the derivation gives responders rather than a measurement."""
        return self.quantity is None and self.event is None


Strategy = Literal["non-response", "observed cases", "last observation carried forward", "multiple imputation"]


class Intercurrent(Sourced):
    """Intercurrent events of the estimand and how each is handled (ICH E9(R1))."""

    discontinuation: Strategy = "non-response"
    rescue: Strategy | Literal["not permitted"] = "not permitted"
    missing: Strategy = "non-response"


class Imputation(Sourced):
    """How missing values are imputed, where the estimand's strategy is multiple imputation."""

    method: Literal["multivariate normal", "fully conditional specification", "reference-based"]
    regression: Literal["linear", "predictive mean matching", "categories"] | None = Field(
        default=None,
        description="of each visit's value on the others (fully conditional specification): linear by default; "
        "categories: logistic of two values, proportional odds of more",
    )
    imputations: int = Field(default=100, ge=2, le=10_000)
    seed: int = Field(default=1, ge=0)
    covariates: tuple[str, ...] = Field(default=(), description="beside the arm and the parameter's baseline")
    assumption: Literal[
        "missing at random",
        "jump to reference",
        "copy reference",
        "copy increments in reference",
        "last mean carried forward",
    ] = Field(default="missing at random", description="of a patient's values after leaving (reference-based)")
    draws: Literal["bootstrap", "bayes"] = Field(default="bootstrap", description="of the parameters (reference-based)")
    inference: Literal["rubin", "jackknife", "anchored jackknife"] = Field(
        default="rubin",
        description="Rubin's rules over imputations drawn; or conditional means, one imputation, and the jackknife",
    )
    df: Literal["barnard-rubin", "rubin"] = Field(
        default="barnard-rubin", description="degrees of freedom of Rubin's rules; SAS's default is rubin"
    )
    reference: Name | None = Field(default=None, description="the reference arm; control by default")
    delta: dict[str, float] = Field(default_factory=dict, description="what is added to imputed values, by arm")

    @model_validator(mode="after")
    def _regression_is_chained(self) -> Imputation:
        if self.regression is not None and self.method != "fully conditional specification":
            raise ValueError(
                f"regression = {self.regression!r} belongs to method = 'fully conditional specification'; remove it, "
                "or change the method"
            )
        return self

    @property
    def words(self) -> str:
        """How it is done: ``100 imputations, reference-based (jump to reference)``."""
        detail = self.assumption if self.method == "reference-based" else self.regression
        how = f"{self.method} ({detail})" if detail else self.method
        shifts = "".join(f"; {shift:+g} in {arm}" for arm, shift in self.delta.items())
        if self.inference != "rubin":
            return f"conditional means with {self.inference}, {how}{shifts}"
        return f"{self.imputations} imputations, {how}{shifts}"


class Analysis(Sourced):
    """One analysis of an endpoint: the method, its covariates (stratification factors or variables) and its options.

    `methods.METHODS` says which options a method takes, and what it does where one is absent.
    """

    name: str | None = None
    method: Method
    covariates: tuple[str, ...] = ()
    level: float = Field(default=0.95, gt=0, lt=1)
    visits: tuple[str, ...] | None = Field(default=None, description="visits analysed; the endpoint's own by default")
    pairs: Pairs = Field(default="against control", description="which arms are compared")
    treatment: Treatment | None = Field(
        default=None, description="arms as categories, or their doses as a number (ancova)"
    )
    covariance: Covariance | None = Field(default=None, description="of the visits, within a patient (mmrm)")
    df: Df | None = Field(default=None, description="denominator degrees of freedom (mmrm)")
    variance: Variance | None = None
    by_visit: tuple[str, ...] = Field(default=(), description="covariates whose effect differs by visit (mmrm, gee)")
    correlation: Correlation | None = Field(default=None, description="working correlation of the visits (gee)")
    effect: Effect | None = Field(default=None, description="of the arm: one a visit, or one for all visits (gee)")
    strata: tuple[str, ...] = Field(default=(), description="factors with a baseline hazard each (cox)")
    ties: Ties | None = Field(default=None, description="of event times (cox)")
    weighting: Weighting | None = Field(default=None, description="of event times (log-rank)")
    rho: float | None = Field(default=None, ge=0, description="of Fleming and Harrington's weights S^rho (1 - S)^gamma")
    gamma: float | None = Field(default=None, ge=0, description="see rho")
    weights: StratumWeights | None = Field(default=None, description="of the strata")
    variances: Literal["equal", "unequal"] | None = Field(default=None, description="of the arms (t test)")
    slopes: Literal["common", "each arm"] | None = Field(
        default=None, description="of the covariates (ancova); those of each arm go with hc3 variance by default"
    )
    likelihood: Literal["reml", "ml"] | None = Field(default=None, description="what is maximised (mmrm)")
    covariance_of: Literal["all patients", "each arm"] | None = Field(
        default=None, description="whether the arms have a covariance matrix each (mmrm)"
    )
    weight: Name | None = Field(default=None, description="a variable: the patients' weights (mmrm)")
    test: Test | None = Field(default=None, description="and the limits that belong to it")
    limits: Literal["exact", "wald"] | None = Field(default=None, description="of a ratio of incidence rates")
    contrast: Literal["difference", "ratio"] | None = Field(default=None, description="of restricted means")
    horizon: float | None = Field(default=None, gt=0, description="days of follow-up that count")
    preset: Preset | None = Field(default=None, description="whose conventions, where SAS and R differ")

    @property
    def chosen(self) -> dict[str, str]:
        """The options that the file sets, in words."""
        given = {key: getattr(self, key) for key in options()}
        return {
            key.replace("_", " "): ", ".join(value) if isinstance(value, tuple) else f"{value:g}"
            if isinstance(value, float) else value
            for key, value in given.items() if value
        }  # fmt: skip


class Endpoint(Sourced):
    """An endpoint as an estimand: population, variable, intercurrent events, summary measure."""

    name: Name
    label: Name
    role: Literal["primary", "secondary", "exploratory"]
    kind: Kind
    visit: Name
    visits: tuple[str, ...] = Field(default=(), description="further visits at which it is summarised")
    population: Name
    derive: Derivation
    intercurrent: Intercurrent = Intercurrent()
    imputation: Imputation | None = None
    summary: Name
    analysis: Analysis
    supplementary: tuple[Analysis, ...] = ()


class Hypothesis(Sourced):
    """One null hypothesis: no difference between an arm and its comparator on an endpoint."""

    name: Name
    endpoint: Name
    arm: Name
    comparator: Name
    weight: Probability = 0.0


class Edge(Part):
    """Where the alpha of a rejected hypothesis goes."""

    from_: Name = Field(alias="from")
    to: Name
    weight: Probability = 1.0


class Testing(Sourced):
    """The testing strategy: a graph of weighted tests, two-sided.

    An intersection of hypotheses is tested by weighted Bonferroni; by Simes or Hochberg, where the plan declares the
    statistics positively dependent; or parametrically, hypotheses of one endpoint and comparator by the correlation
    that the allocation ratio gives, Bonferroni between such groups. Without a graph, Dunnett's single-step test of arms
    of one endpoint against one comparator.
    """

    alpha: float = Field(gt=0, lt=1)
    procedure: Literal["bonferroni graph", "simes graph", "hochberg graph", "parametric graph", "dunnett"] = (
        "bonferroni graph"
    )
    positive_dependence: bool = Field(
        default=False, description="the statistics are positively dependent: needed by Simes and Hochberg"
    )
    intervals: bool = Field(
        default=False,
        description="simultaneous confidence limits of the hypotheses: two-sided (dunnett); one-sided, on the "
        "favourable side, at half of alpha (bonferroni graph)",
    )
    hypotheses: tuple[Hypothesis, ...] = ()
    edges: tuple[Edge, ...] = ()

    @property
    def tests(self) -> str:
        """How an intersection of hypotheses is tested: ``weighted Bonferroni tests``."""
        return {
            "bonferroni graph": "weighted Bonferroni tests",
            "simes graph": "closed weighted Simes tests",
            "hochberg graph": "closed weighted Hochberg tests",
            "parametric graph": "closed weighted parametric tests",
            "dunnett": "Dunnett's single-step test",
        }[self.procedure]

    @property
    def limits(self) -> str:
        """What its intervals are: ``simultaneous one-sided 97.5% limits on the favourable side``."""
        if self.procedure == "dunnett":
            return f"simultaneous {100 * (1 - self.alpha):g}% limits"
        return f"simultaneous one-sided {100 * (1 - self.alpha / 2):g}% limits on the favourable side"


class Study(Part):
    """A randomised trial, whole."""

    study: StudyHead
    sources: dict[str, Source] = Field(default_factory=dict)
    variables: dict[str, Variable] = Field(default_factory=dict)
    population: Population
    analysis_sets: tuple[AnalysisSet, ...] = Field(min_length=1)
    arms: tuple[Arm, ...] = Field(min_length=2)
    randomisation: Randomisation
    periods: tuple[Period, ...] = ()
    visits: tuple[Visit, ...] = Field(min_length=1)
    parameters: tuple[Parameter, ...] = ()
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    testing: Testing
    cohort: Cohort | None = None
    scenarios: tuple[Scenario, ...] = ()
    grids: tuple[Grid, ...] = ()
    monitoring: SafetyMonitoring = SafetyMonitoring()
    disposition: Disposition | None = None
    data: DataMap | None = None
    sdtm: Sdtm | None = Field(default=None, description="the trial in SDTM: domains, test codes, terms, dates")
    datasets: tuple[Recipe, ...] = Field(default=(), description="how ADaM comes from what was collected")
    tables: tuple[Table, ...] = Field(default=(), description="tables of the report beside the endpoints'")
    topics: tuple[Topic, ...] = Field(default=(), description="safety topics, each with its definition")
    posted: tuple[Posted, ...] = ()
    period_results: tuple[PeriodResult, ...] = Field(default=(), description="published, by period and sequence")
    posted_events: tuple[PostedEvent, ...] = Field(default=(), description="published adverse events by treatment")

    @property
    def from_datasets(self) -> bool:
        """Whether the patients of a real trial come from data sets as the field stores them."""
        return any(parameter.origin is not None for parameter in self.parameters)

    @property
    def conventions(self) -> Preset:
        """Whose conventions descriptive statistics follow: SAS's, unless the file says otherwise."""
        return self.study.preset or "sas"

    @property
    def id(self) -> str:
        """The study's identifier."""
        return self.study.id

    @property
    def size(self) -> int:
        """Patients randomised in one virtual trial."""
        if self.population.size is None:
            raise UsageError(f"{self.id} says no size, so that no trial of it can be made. Add size to [population].")
        return self.population.size

    @property
    def control(self) -> int:
        """Index of the control arm."""
        return next(i for i, arm in enumerate(self.arms) if arm.control)

    @property
    def baseline_visit(self) -> Visit:
        """The visit that baseline values come from."""
        return next(v for v in self.visits if v.baseline)

    def arm_index(self, name: str) -> int:
        """Position of an arm by name."""
        return [a.name for a in self.arms].index(name)

    def visit_index(self, name: str) -> int:
        """Position of a visit by name."""
        return [v.name for v in self.visits].index(name)

    @property
    def long_term(self) -> Period | None:
        """The period with visits of its own, after those of the endpoints; None where there is none."""
        return next((p for p in self.periods if p.visits), None)

    @property
    def blinded(self) -> Period:
        """The period of the study's own visits: the first."""
        return self.periods[0]

    @property
    def long_term_reasons(self) -> tuple[str, ...]:
        """Every way to leave the long-term period that the scenarios know of, "completed" first."""
        named = (name for s in self.scenarios for f in s.following for name in f.reasons)
        return tuple(dict.fromkeys(("completed", *named)))

    @property
    def event_terms(self) -> tuple[tuple[str, str], ...]:
        """(class, term) of every posted event, then the term of all others."""
        return tuple(dict.fromkeys([*((e.system, e.term) for e in self.posted_events), OTHER]))

    def treatments(self, period: Period) -> tuple[tuple[str, str], ...]:
        """(arm, treatment) of each treatment sequence of a period, in the order of the arms."""
        moved = {r.arm: r.to for r in period.rerandomise}
        return tuple((arm.name, t) for arm in self.arms for t in moved.get(arm.name, (arm.name,)))

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by name."""
        return next(e for e in self.endpoints if e.name == name)

    def scenario(self, name: str) -> Scenario:
        """A scenario by name."""
        return next(s for s in self.scenarios if s.name == name)

    def parameter(self, name: str) -> Parameter:
        """A parameter by name."""
        return next(p for p in self.parameters if p.name == name)
