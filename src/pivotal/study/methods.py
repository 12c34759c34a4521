"""The methods that an analysis can name: for which kinds of endpoint, with which covariates and options.

One table, which the checks of a study file, its error messages and the plan read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["binary", "continuous", "ordinal", "count", "time to event"]

MEASURED: tuple[Kind, ...] = ("continuous", "ordinal", "count")
"""Kinds whose endpoint is a value, rather than whether or when something holds."""

Method = Literal[
    "exact conditional logistic",
    "exact conditional logistic pairwise",
    "logistic wald",
    "logistic score",
    "logistic likelihood-ratio",
    "firth",
    "g-computation risk difference",
    "modified poisson",
    "cochran-mantel-haenszel",
    "fisher",
    "fisher mid-p",
    "exact common odds ratio",
    "odds ratio wald",
    "odds ratio miettinen-nurminen",
    "odds ratio miettinen-nurminen stratified",
    "risk difference wald",
    "risk difference mee",
    "risk difference newcombe",
    "risk difference newcombe stratified",
    "risk difference miettinen-nurminen",
    "risk difference miettinen-nurminen stratified",
    "risk difference mantel-haenszel",
    "risk difference minimum-risk",
    "risk ratio wald",
    "risk ratio miettinen-nurminen",
    "risk ratio miettinen-nurminen stratified",
    "risk ratio mantel-haenszel",
    "t test",
    "ancova",
    "mmrm",
    "wilcoxon",
    "van elteren",
    "win probability",
    "row mean scores",
    "proportional odds",
    "poisson",
    "negative binomial",
    "exposure-adjusted incidence rate",
    "exposure-adjusted incidence rate ratio",
    "gee",
    "log-rank",
    "max-combo",
    "cox",
    "restricted mean survival time",
]

Covariance = Literal[
    "unstructured",
    "toeplitz",
    "heterogeneous toeplitz",
    "ar(1)",
    "heterogeneous ar(1)",
    "compound symmetry",
    "heterogeneous compound symmetry",
    "ante-dependence",
    "heterogeneous ante-dependence",
    "spatial exponential",
]
Df = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"]
Ties = Literal["efron", "breslow", "exact"]
Variance = Literal[
    "model", "robust", "hc0", "hc1", "hc2", "hc3", "jackknife", "bias-reduced",
    "sato", "greenland-robins", "klingenberg",
]  # fmt: skip
Correlation = Literal["exchangeable", "independence", "ar(1)", "unstructured"]
Effect = Literal["by visit", "common"]
Weighting = Literal["log-rank", "gehan", "tarone-ware", "peto", "modified peto", "fleming-harrington"]
StratumWeights = Literal["mantel-haenszel", "minimum-risk", "miettinen-nurminen"]
Test = Literal["wald", "likelihood-ratio"]
Preset = Literal["sas", "r"]
Treatment = Literal["arms", "dose"]
Pairs = Literal["against control", "all"]


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """What a method is for.

    Attributes
    ----------
    kinds
        Kinds of endpoint that it analyses.
    covariates
        `none`; `factors`: stratification factors and categories; `any`: numbers and baselines too.
    options
        Keys of `analysis` that it understands, beside name, method, covariates, level and visits; the first value
        listed is what it does where the key is absent.
    """

    kinds: tuple[Kind, ...]
    covariates: Literal["none", "factors", "any"] = "factors"
    options: dict[str, tuple[str, ...]] | None = None


POOLED: frozenset[Method] = frozenset(
    {
        "logistic wald",
        "g-computation risk difference",
        "modified poisson",
        "risk difference wald",
        "risk difference mantel-haenszel",
        "risk ratio wald",
        "risk ratio mantel-haenszel",
        "odds ratio wald",
        "t test",
        "ancova",
        "mmrm",
        "proportional odds",
        "poisson",
        "negative binomial",
        "gee",
    }
)
"""Methods whose estimate has a standard error (of a ratio: of its logarithm) that Rubin's rules can pool."""


_BINARY: tuple[Kind, ...] = ("binary",)
_PATIENT: tuple[Kind, ...] = ("continuous", "ordinal")

METHODS: dict[Method, MethodSpec] = {
    "exact conditional logistic": MethodSpec(_BINARY),
    "exact conditional logistic pairwise": MethodSpec(_BINARY),
    "logistic wald": MethodSpec(_BINARY),
    "logistic score": MethodSpec(_BINARY),
    "logistic likelihood-ratio": MethodSpec(_BINARY),
    "firth": MethodSpec(_BINARY),
    "g-computation risk difference": MethodSpec(_BINARY, "factors", {"variance": ("robust", "model")}),
    "modified poisson": MethodSpec(_BINARY, "factors", {"variance": ("hc0", "hc1")}),
    "cochran-mantel-haenszel": MethodSpec(_BINARY, "factors", {"preset": ("sas", "r")}),
    "fisher": MethodSpec(_BINARY, "none"),
    "fisher mid-p": MethodSpec(_BINARY, "none"),
    "exact common odds ratio": MethodSpec(_BINARY),
    "odds ratio wald": MethodSpec(_BINARY, "none"),
    "odds ratio miettinen-nurminen": MethodSpec(_BINARY, "none"),
    "odds ratio miettinen-nurminen stratified": MethodSpec(_BINARY),
    "risk difference wald": MethodSpec(_BINARY, "none"),
    "risk difference mee": MethodSpec(_BINARY, "none"),
    "risk difference newcombe": MethodSpec(_BINARY, "none"),
    "risk difference newcombe stratified": MethodSpec(
        _BINARY, "factors", {"weights": ("mantel-haenszel", "minimum-risk")}
    ),
    "risk difference miettinen-nurminen": MethodSpec(_BINARY, "none"),
    "risk difference miettinen-nurminen stratified": MethodSpec(
        _BINARY, "factors", {"weights": ("mantel-haenszel", "miettinen-nurminen")}
    ),
    "risk difference mantel-haenszel": MethodSpec(
        _BINARY, "factors", {"variance": ("sato", "greenland-robins", "klingenberg")}
    ),
    "risk difference minimum-risk": MethodSpec(_BINARY),
    "risk ratio wald": MethodSpec(_BINARY, "none"),
    "risk ratio miettinen-nurminen": MethodSpec(_BINARY, "none"),
    "risk ratio miettinen-nurminen stratified": MethodSpec(_BINARY),
    "risk ratio mantel-haenszel": MethodSpec(_BINARY),
    "t test": MethodSpec(("continuous",), "none", {"variances": ("equal", "unequal"), "preset": ("sas", "r")}),
    "ancova": MethodSpec(
        ("continuous",),
        "any",
        {
            "variance": ("model", "hc0", "hc1", "hc2", "hc3"),
            "treatment": ("arms", "dose"),
            "slopes": ("common", "each arm"),
        },
    ),
    "mmrm": MethodSpec(
        ("continuous",),
        "any",
        {
            "covariance": (
                "unstructured", "toeplitz", "heterogeneous toeplitz", "ar(1)", "heterogeneous ar(1)",
                "compound symmetry", "heterogeneous compound symmetry", "ante-dependence",
                "heterogeneous ante-dependence", "spatial exponential",
            ),
            "df": ("satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"),
            "variance": ("model", "robust", "jackknife", "bias-reduced"),
            "likelihood": ("reml", "ml"),
            "covariance_of": ("all patients", "each arm"),
            "weight": (),
            "by_visit": (),
            "preset": ("r", "sas"),
        },
    ),
    "wilcoxon": MethodSpec(_PATIENT, "none", {"preset": ("sas", "r")}),
    "van elteren": MethodSpec(_PATIENT),
    "win probability": MethodSpec(_PATIENT, "none"),
    "row mean scores": MethodSpec(("ordinal",)),
    "proportional odds": MethodSpec(
        ("ordinal",), "any", {"test": ("wald", "likelihood-ratio"), "preset": ("r", "sas")}
    ),
    "poisson": MethodSpec(("count",), "any", {"test": ("wald", "likelihood-ratio"), "variance": ("model", "hc0")}),
    "negative binomial": MethodSpec(
        ("count",), "any", {"test": ("wald", "likelihood-ratio"), "preset": ("r", "sas")}
    ),
    "exposure-adjusted incidence rate": MethodSpec(("count",), "none"),
    "exposure-adjusted incidence rate ratio": MethodSpec(("count",), "none", {"limits": ("exact", "wald")}),
    "gee": MethodSpec(
        ("binary", "count"),
        "any",
        {
            "correlation": ("exchangeable", "independence", "ar(1)", "unstructured"),
            "effect": ("by visit", "common"),
            "variance": ("robust", "model", "bias-reduced"),
            "by_visit": (),
        },
    ),
    "log-rank": MethodSpec(
        ("time to event",),
        "factors",
        {
            "weighting": ("log-rank", "gehan", "tarone-ware", "peto", "modified peto", "fleming-harrington"),
            "rho": (),
            "gamma": (),
            "preset": ("sas", "r"),
        },
    ),
    "max-combo": MethodSpec(("time to event",), "factors", {"preset": ("sas", "r")}),
    "cox": MethodSpec(
        ("time to event",),
        "any",
        {
            "ties": ("efron", "breslow", "exact"),
            "variance": ("model", "robust"),
            "strata": (),
            "preset": ("r", "sas"),
        },
    ),
    "restricted mean survival time": MethodSpec(
        ("time to event",), "none", {"horizon": (), "contrast": ("difference", "ratio")}
    ),
}  # fmt: skip


def options() -> tuple[str, ...]:
    """Every option that some method takes."""
    return tuple(dict.fromkeys(key for spec in METHODS.values() for key in spec.options or {}))
