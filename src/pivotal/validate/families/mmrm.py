"""Mixed models for repeated measures: fits, coefficients, LS means and contrasts of R's mmrm, emmeans and nlme."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Estimate
from pivotal.stats.mmrm import MmrmFit, fit_mmrm, mmrm_contrasts
from pivotal.stats.mmrm.inference import Covariance, Df
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import Design, design, levels_named, sides, variables
from pivotal.validate.rule import Rule, Tolerance

Floats = NDArray[np.float64]
DF: dict[str, Df] = {
    "Satterthwaite": "satterthwaite",
    "Kenward-Roger": "kenward-roger",
    "Between-Within": "between-within",
    "Residual": "residual",
}
COVARIANCE: dict[str, Covariance] = {
    "Asymptotic": "model",
    "Kenward-Roger": "kenward-roger",
    "Kenward-Roger-Linear": "kenward-roger-linear",
    "Empirical": "CR0",
    "Empirical-Bias-Reduced": "CR2",
    "Empirical-Jackknife": "CR3",
}
# The covariance that mmrm takes with a method when none is named.
USUAL = {
    "Satterthwaite": "Asymptotic",
    "Kenward-Roger": "Kenward-Roger",
    "Between-Within": "Asymptotic",
    "Residual": "Empirical",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a case asks for."""

    response: str
    right: str
    structure: str
    times: str | None
    visit: str
    subject: str
    method: str
    vcov: str
    reml: bool
    weights: str | None

    @classmethod
    def of(cls, case: Case, table: Table) -> Request:
        """Read a case's call, and its input where that says the same."""
        call = case.call
        written = str(case.input.get("formula") or _first_argument(call))
        response, right = sides(written)
        pieces = [piece.strip() for piece in re.split(r"\+(?![^(]*\))", right)]
        structured = [p for p in pieces if re.match(r"(us|toeph?|ar1h?|csh?|adh?|sp_exp)\b", p)]
        right = " + ".join(piece for piece in pieces if piece not in structured)
        named = re.search(r"\b(us|toeph?|ar1h?|csh?|adh?|sp_exp)\(\s*(\w+)\s*\|\s*(\w+)\s*\)", call)
        visit, subject = _clusters(table, right)
        structure = str(case.input.get("covariance") or (structured or ["us"])[0].split("(")[0])
        times = None
        if structure == "sp_exp":
            times = named.group(2) if named else "visit number"
        elif named:
            visit, subject = named.group(2), named.group(3)
        method = _option(call, "method") or "Satterthwaite"
        return cls(
            response=response,
            right=right,
            structure=structure,
            times=times,
            visit=visit,
            subject=subject,
            method=method,
            vcov=_option(call, "vcov") or USUAL[method],
            reml=bool(case.input.get("reml", "reml=FALSE" not in call.replace(" ", ""))),
            weights=case.input.get("weights") or _plain_option(call, "weights"),
        )


def _first_argument(call: str) -> str:
    depth = 0
    start = call.index("(") + 1
    for place, letter in enumerate(call[start:], start):
        if depth == 0 and letter in ",)":
            return call[start:place]
        depth += (letter == "(") - (letter == ")")
    return call[start:]


def _option(call: str, name: str) -> str | None:
    found = re.search(rf"{name}\s*=\s*['\"]([\w-]+)['\"]", call)
    return found.group(1) if found else None


def _plain_option(call: str, name: str) -> str | None:
    found = re.search(rf"\b{name}\s*=\s*(?:\w+\$)?(\w+)\b(?!\s*\()", call)
    return found.group(1) if found else None


def _clusters(table: Table, right: str) -> tuple[str, str]:
    """The factor of the formula and the column outside it that together tell the rows apart: visit and subject."""
    inside = [name for name in variables(right) if table[name].dtype.kind != "f"]
    for subject in (name for name in table.columns if name not in variables(right)):
        for visit in inside:
            pairs = set(zip(table.codes(subject).tolist(), table.codes(visit).tolist(), strict=True))
            if len(pairs) == table.rows and len(table.levels(subject)) < table.rows:
                return visit, subject
    raise ValueError(
        "no factor of the formula and no other column tell the rows apart: name visit and subject in the call"
    )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A case's model, fitted."""

    request: Request
    table: Table
    design: Design
    levels: Mapping[str, Sequence[str]]
    fit: MmrmFit

    def contrasts(self, rows: Floats) -> Estimate:
        """Contrasts by the case's method."""
        return mmrm_contrasts(
            self.fit, rows, df=DF[self.request.method], covariance=COVARIANCE[self.request.vcov], level=0.95
        )

    def levels_of(self, factor: str) -> list[str]:
        """A factor's levels, the reference first."""
        return list(self.levels.get(factor, self.table.levels(factor)))


def _fit(case: Case) -> Fitted:
    table = case.table()
    request = Request.of(case, table)
    names = [row["name"] for row in case.result["coef"]]
    levels = levels_named(table, request.right, names)
    columns = design(table, request.right, levels=levels)
    patients, visits = table.codes(request.subject), table.codes(request.visit)
    order = levels.get(request.visit, table.levels(request.visit))
    place = np.array([list(order).index(level) for level in table.levels(request.visit)])
    where = (patients, place[visits])
    shape = (int(patients.max()) + 1, len(order))
    y, x = np.full(shape, np.nan), np.full((*shape, columns.matrix.shape[1]), np.nan)
    y[where], x[where] = table[request.response], columns.matrix
    weights = None
    if request.weights:
        weights = np.zeros(shape)
        weights[where] = table[request.weights]
    fit = fit_mmrm(
        y[None],
        x,
        structure=request.structure,
        method="REML" if request.reml else "ML",
        weights=weights,
        times=_times(request, table, where, shape),
    )
    return Fitted(request, table, columns, levels, fit)


def _times(
    request: Request, table: Table, where: tuple[NDArray[np.int64], NDArray[np.int64]], shape: tuple[int, int]
) -> Floats | None:
    if request.times is None:
        return None
    if request.times not in table:
        return np.arange(1.0, shape[1] + 1)  # the call says: the visit's number
    times = np.full(shape, np.nan)
    times[where] = table[request.times]
    return times


def _model(case: Case) -> Mapping[str, Any]:
    fitted = _fit(case)
    fit = fitted.fit
    found: dict[str, Any] = {
        "n_obs": fit.n_obs[0],
        "n_subjects": fit.n_patients[0],
        "neg2_reml_or_ml_deviance": -2 * fit.loglik[0],
        "neg2loglik": -2 * fit.loglik[0],
        "loglik": fit.loglik[0],
        "AIC": fit.aic[0],
        "BIC": fit.bic[0],
        "theta": fit.theta[0],
        "covariance_matrix": _covariance_rows(fit.sigma[0, 0]),
        "coef": _coefficients(case, fitted),
    }
    if "lsmeans" in case.result:
        found |= _emmeans(case, fitted)
    return found


def _covariance_rows(sigma: Floats) -> list[list[float]]:
    return [[float(value) for value in row] for row in sigma]


def _coefficients(case: Case, fitted: Fitted) -> list[dict[str, Any]]:
    effects = fitted.contrasts(np.eye(len(fitted.design.names)))
    rows = {
        name: {"name": name, **_named(effects, column, ("est", "se", "df", "t", "p"))}
        for column, name in enumerate(fitted.design.names)
    }
    return [rows.get(row["name"], {}) for row in case.result["coef"]]


def _named(found: Estimate, place: int, names: Sequence[str]) -> dict[str, float]:
    parts = (found.estimate, found.se, found.df, found.statistic, found.p)
    return {name: float(part[0, place]) for name, part in zip(names, parts, strict=True) if part is not None}


def _emmeans(case: Case, fitted: Fitted) -> dict[str, Any]:
    """LS means by the factors of ``emmeans(~ a | b)``, and differences of a's levels within those of b."""
    asked = re.search(r"emmeans\(\s*~\s*(\w+)\s*\|\s*(\w+)\s*\)", case.call)
    if asked is None:
        return {}
    arm, by = asked.groups()
    arms, visits = fitted.levels_of(arm), fitted.levels_of(by)
    rows = {(a, v): _mean_row(fitted, {arm: a, by: v}) for v in visits for a in arms}
    means = fitted.contrasts(np.stack(list(rows.values())))
    pairs = [(b, a, v) for v in visits for a, b in combinations(arms, 2)]
    pairs.sort(key=lambda pair: (visits.index(pair[2]), arms.index(pair[0]), arms.index(pair[1])))
    effects = fitted.contrasts(np.stack([rows[b, v] - rows[a, v] for b, a, v in pairs]))
    return {
        "lsmeans": [{arm: a, by: v, **_summary(means, place, "emmean")} for place, (a, v) in enumerate(rows)],
        "contrasts": [
            {"contrast": f"{b} - {a}", by: v, **_summary(effects, place, "estimate")}
            for place, (b, a, v) in enumerate(pairs)
        ],
    }


def _summary(found: Estimate, place: int, name: str) -> dict[str, float]:
    assert found.ci_low is not None
    assert found.ci_high is not None
    limits = {"lower.CL": float(found.ci_low[0, place]), "upper.CL": float(found.ci_high[0, place])}
    return _named(found, place, (name, "SE", "df", "t.ratio", "p.value")) | limits


def _mean_row(fitted: Fitted, at: Mapping[str, str]) -> Floats:
    """The design's mean row over a grid: other factors' levels equally weighted, covariates at their means."""
    table, right = fitted.table, fitted.request.right
    names = variables(right)
    used = ~np.isnan(table[fitted.request.response])
    factors = [name for name in names if table[name].dtype.kind != "f"]
    grid = list(product(*([at[name]] if name in at else fitted.levels_of(name) for name in factors)))
    columns: dict[str, NDArray[Any]] = {
        name: np.full(len(grid), table[name][used].mean()) for name in names if name not in factors
    }
    columns |= {name: np.array([cell[place] for cell in grid]) for place, name in enumerate(factors)}
    levels = {name: fitted.levels_of(name) for name in factors}
    return np.asarray(design(Table(columns), right, levels=levels).matrix.mean(axis=0), dtype=np.float64)


def _gls(case: Case) -> Mapping[str, Any]:
    fitted = _fit(case)
    return {"loglik": fitted.fit.loglik[0], "coef": _coefficients(case, fitted)}


EARLY = (
    "R's mmrm stops its optimiser up to 3e-6 below the maximum of the likelihood, "
    "where estimates are a few 1e-4 standard errors off"
)
NLME = "nlme's gls stops its optimiser early (the case's note)"
_ESTIMATE = Tolerance(1e-6, 1e-3, EARLY, of="se")
_EMMEAN = Tolerance(1e-6, 1e-3, EARLY, of="SE")
TOLERANCES = {
    "loglik": Tolerance(1e-8, 1e-5, EARLY),
    "coef.est": _ESTIMATE,
    "coef.t": Tolerance(1e-3, 1e-3, EARLY),
    "coef.se": Tolerance(2e-4, why=EARLY),
    "df": Tolerance(1e-3, why=EARLY),
    "coef.p": Tolerance(2e-2, 1e-3, EARLY),
    "emmean": _EMMEAN,
    "estimate": _EMMEAN,
    "SE": Tolerance(2e-4, why=EARLY),
    "lower.CL": _EMMEAN,
    "upper.CL": _EMMEAN,
    "t.ratio": Tolerance(1e-3, 1e-3, EARLY),
    "p.value": Tolerance(2e-2, 1e-3, EARLY),
    "theta": Tolerance(1e-2, 1e-4, EARLY),
    "covariance_matrix": Tolerance(1e-2, why=EARLY),
}
RULES = (
    Rule(
        name="mixed model for repeated measures",
        matches=lambda case: case.call.lstrip().startswith("mmrm("),
        run=_model,
        tolerances=TOLERANCES,
    ),
    Rule(
        name="generalised least squares, unstructured",
        matches=lambda case: (
            case.call.lstrip().startswith("gls(") and "corSymm" in case.call and "varIdent" in case.call
        ),
        run=_gls,
        tolerances={"coef.est": Tolerance(1e-6, 1e-3, NLME, of="se"), "coef.se": Tolerance(2e-4, why=NLME)},
    ),
)
