"""Where SAS and R answer the same question differently by default: one table of both programs' conventions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Preset = Literal["sas", "r"]
PRESETS: tuple[Preset, ...] = ("sas", "r")


@dataclass(frozen=True, slots=True)
class Convention:
    """What two programs do by default, as arguments of one of our functions.

    Attributes
    ----------
    call
        The function of `pivotal.stats`.
    about
        What they differ in.
    sas, r
        Arguments that make the function do as the program does.
    programs
        The procedure and the function meant.
    """

    call: str
    about: str
    sas: Mapping[str, Any]
    r: Mapping[str, Any]
    programs: str

    def arguments(self, preset: Preset) -> dict[str, Any]:
        """The arguments of one of the two."""
        return dict(self.sas if preset == "sas" else self.r)


_LIMITS = ({"conf_type": "log-log"}, {"conf_type": "log"})
_CORRECTION = ({"correction": False}, {"correction": True})
_DENOMINATOR = ({"df": "kenward-roger", "covariance": "kenward-roger-linear"}, {"df": "satterthwaite"})

CONVENTIONS: tuple[Convention, ...] = (
    Convention("fit_cox", "tied event times", {"ties": "breslow"}, {"ties": "efron"},
               "PROC PHREG; survival::coxph"),
    Convention("survival_at", "scale of limits", *_LIMITS, "PROC LIFETEST; survival::survfit"),
    Convention("survival_quantile", "median on a flat stretch, scale of limits",
               {"flat": "midpoint between events", "conf_type": "log-log"}, {"flat": "midpoint", "conf_type": "log"},
               "PROC LIFETEST; survival::quantile.survfit"),
    Convention("cumulative_incidence", "variance: the same in both, not our default",
               {"variance": "aalen"}, {"variance": "aalen"}, "PROC LIFETEST EVENTCODE=; cmprsk::cuminc"),
    Convention("mmrm_contrasts", "degrees of freedom and adjusted covariance", *_DENOMINATOR,
               "PROC MIXED DDFM=KR; mmrm::mmrm"),
    Convention("mmrm_f_test", "the same", *_DENOMINATOR, "PROC MIXED DDFM=KR; mmrm::mmrm"),
    Convention("hc_covariance", "kind of robust variance", {"kind": "HC0"}, {"kind": "HC3"},
               "PROC REG ACOV; sandwich::vcovHC"),
    Convention("t_test", "variances of the arms", {"equal_variances": True}, {"equal_variances": False},
               "PROC TTEST, Pooled; t.test"),
    Convention("summarise", "quartiles", {"quantiles": "definition 5"}, {"quantiles": "type 7"},
               "PROC MEANS QNTLDEF=5; quantile"),
    Convention("pearson_chi_square", "continuity correction", *_CORRECTION, "PROC FREQ CHISQ; chisq.test"),
    Convention("cochran_mantel_haenszel", "continuity correction", *_CORRECTION, "PROC FREQ CMH; mantelhaen.test"),
    Convention("mcnemar", "continuity correction", {"method": "asymptotic"}, {"method": "corrected"},
               "PROC FREQ AGREE; mcnemar.test"),
    Convention("hodges_lehmann", "limits", {"limits": "moses"}, {"limits": "inverted-corrected"},
               "PROC NPAR1WAY HL; wilcox.test(exact = FALSE)"),
    Convention("fit_negative_binomial", "information behind standard errors",
               {"information": "observed"}, {"information": "expected"}, "PROC GENMOD; MASS::glm.nb"),
    Convention("fit_proportional_odds", "information behind standard errors",
               {"information": "expected"}, {"information": "observed"}, "PROC LOGISTIC; MASS::polr"),
    Convention("rubin", "degrees of freedom", {"df": "rubin"}, {"df": "barnard-rubin"},
               "PROC MIANALYZE without EDF=; mice::pool"),
)  # fmt: skip
"""Everything that `preset` settles; a function that is not here does by itself what both programs do."""


def preset(call: str, program: Preset) -> dict[str, Any]:
    """Say how a function of `pivotal.stats` does as another program does by default.

    Parameters
    ----------
    call
        The function's name.
    program
        "sas" or "r".

    Returns
    -------
    dict
        Keyword arguments for the function; empty where the programs do not differ.

    Raises
    ------
    ValueError
        If the program is neither.

    Examples
    --------
    >>> preset("fit_cox", "sas")
    {'ties': 'breslow'}
    >>> preset("wilson", "r")
    {}
    """
    if program not in PRESETS:
        raise ValueError(f"program is {program!r}; 'sas' or 'r' is allowed.")
    return next((each.arguments(program) for each in CONVENTIONS if each.call == call), {})
