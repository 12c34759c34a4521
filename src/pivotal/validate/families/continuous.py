"""Analysis of covariance: ``lm`` with `emmeans`, and with heteroscedasticity-consistent variances."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import ancova, anova, cross_products, fit_ols, hc_covariance, interacted_ancova, ls_means
from pivotal.stats.ancova import CrossProducts, OlsFit
from pivotal.stats.linear_model import Covariate, Factor, LinearModel, Weights
from pivotal.stats.robust import KINDS
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import sides, terms
from pivotal.validate.rule import Rule

Floats = NDArray[np.float64]

MODEL = re.compile(r"(?<![\w.])lm\((?P<formula>[^~]+~[^;]*?)\)(?=[;,]|$)")
OF = re.compile(r"emmeans\(~\s*(?P<factor>[\w.]+)")
CENTRED = re.compile(r"(?P<name>[\w.]+) = (?P<of>[\w.]+) - overall mean")
EMMEANS = {
    "emmean": "estimate",
    "SE": "se",
    "df": "df",
    "lower.CL": "ci_low",
    "upper.CL": "ci_high",
    "t.ratio": "statistic",
    "p.value": "p",
}
LEVEL = re.compile(r"level\s*=\s*(?P<level>0?\.\d+)")


@dataclass(frozen=True)
class Fitted:
    """A case's linear model, fitted.

    Attributes
    ----------
    variables
        Names, in the order of the model's variables.
    levels
        Of each factor, as the case orders them.
    names
        Of the coefficients, as R prints them.
    """

    variables: tuple[str, ...]
    levels: dict[str, list[str]]
    model: LinearModel
    y: Floats
    sums: CrossProducts
    fit: OlsFit
    names: tuple[str, ...]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Who enters."""
        return _complete(self.y, self.model.design())


def fitted(case: Case) -> Fitted:
    """Read the formula of a case's call and fit it."""
    found = MODEL.search(case.call)
    assert found is not None
    left, right = sides(found["formula"])
    table = _with_centred(case, case.table())
    written = terms(right)
    variables = tuple(dict.fromkeys(name for term in written for name in term))
    levels = {name: _levels(case, table, name) for name in variables if _is_factor(table, name)}
    parts = tuple(
        Factor(_codes(table, _bare(name), levels[name]), len(levels[name]))
        if name in levels
        else Covariate(table[name])
        for name in variables
    )
    model = LinearModel(parts, tuple(tuple(variables.index(name) for name in term) for term in written))
    y = _response(table, left)[None]
    design = model.design()
    seen = _complete(y, design)
    sums = cross_products(y, design, seen)
    fit = fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    return Fitted(variables, levels, model, y, sums, fit, _names(written, levels))


def _complete(y: Floats, design: Floats) -> NDArray[np.bool_]:
    """Who has an outcome and all covariates, (1, patient)."""
    return np.asarray(~np.isnan(y) & ~np.isnan(design.sum(axis=1)), dtype=np.bool_)


def _with_centred(case: Case, table: Table) -> Table:
    """The table with the columns that the call defines as another one less its mean."""
    columns = dict(table.columns)
    for found in CENTRED.finditer(case.call):
        values = table[found["of"]]
        columns[found["name"]] = values - np.nanmean(values)
    return Table(columns)


def _response(table: Table, left: str) -> Floats:
    logged = re.fullmatch(r"log\(([\w.]+)\)", left)
    return np.log(table[logged[1]]) if logged else np.asarray(table[left], dtype=np.float64)


def _bare(name: str) -> str:
    inside = re.fullmatch(r"(?:as\.)?factor\((.+)\)", name)
    return inside[1].strip() if inside else name


def _is_factor(table: Table, name: str) -> bool:
    return _bare(name) != name or table[_bare(name)].dtype.kind != "f"


def _levels(case: Case, table: Table, name: str) -> list[str]:
    """A factor's levels as the result names its means, or its coefficients (the first has none), or as R sorts them."""
    found = table.levels(_bare(name))
    means = [row.get(name) for row in case.result.get("lsmeans", ()) if isinstance(row, Mapping)]
    if sorted(map(str, means)) == sorted(found):
        return [str(level) for level in means]
    named = [row["name"].removeprefix(name) for row in case.result.get("coef", ()) if row["name"].startswith(name)]
    named = [level for level in named if level in found]
    rest = [level for level in found if level not in named]
    return rest + named if len(rest) == 1 else found


def _codes(table: Table, name: str, levels: list[str]) -> NDArray[np.int64]:
    by_name = np.array([levels.index(level) for level in table.levels(name)])
    codes = table.codes(name)
    return np.asarray(np.where(codes < 0, -1, by_name[codes]), dtype=np.int64)


def _names(written: list[tuple[str, ...]], levels: dict[str, list[str]]) -> tuple[str, ...]:
    names = ["(Intercept)"]
    for term in written:
        parts = [[f"{name}{level}" for level in levels[name][1:]] if name in levels else [name] for name in term]
        names += [":".join(reversed(chosen)) for chosen in product(*reversed(parts))]
    return tuple(names)


def _level(case: Case) -> float:
    found = LEVEL.search(case.call)
    return float(found["level"]) if found else float(case.input.get("level", 0.95))


def run_ancova(case: Case) -> dict[str, Any]:
    """Coefficients, LS means by two weightings, contrasts and the sequential table of ``lm`` and `emmeans`."""
    given, level = fitted(case), _level(case)
    found = OF.search(case.call)
    assert found is not None
    factor = next(name for name in given.variables if _bare(name) == found["factor"])
    table = anova(given.sums, given.model.spans())
    equal = _mean_rows(given, factor, "equal")
    return {
        "coef": _coefficients(given),
        "sigma": float(np.sqrt(given.fit.sigma2[0])),
        "df": float(given.fit.df[0]),
        "r2": float(table.r_squared[0]),
        "lsmeans": _means(given, factor, equal, level),
        "contrasts": _contrasts(case, given, factor, equal, level),
        "lsmeans_proportional": _means(given, factor, _mean_rows(given, factor, "observed"), level),
        "anova_type1": [
            {"term": term, "df": df, "ss": ss, "F": f, "p": p}
            for term, df, ss, f, p in zip(
                [*_term_names(given), "Residuals"], table.df[0], table.ss[0], table.f[0], table.p[0], strict=True
            )
        ],
    }


def _term_names(given: Fitted) -> list[str]:
    return [":".join(given.variables[v] for v in term) for term in given.model.terms]


def _coefficients(given: Fitted) -> list[dict[str, Any]]:
    rows = []
    for column, name in enumerate(given.names):
        effect = ancova(given.fit, np.eye(len(given.names))[column])
        rows.append({"name": name, "est": effect.estimate, "se": effect.se, "t": effect.statistic, "p": effect.p})
    return [_scalars(row) for row in rows]


def _mean_rows(given: Fitted, factor: str, weights: Weights) -> Floats:
    return given.model.ls_means_rows(given.variables.index(factor), given.seen, weights)[0]


def _means(given: Fitted, factor: str, rows: Floats, level: float) -> list[dict[str, Any]]:
    means = ls_means(given.fit, rows, level)
    return [
        {_bare(factor): name} | {key: float(getattr(means, field)[0, i]) for key, field in EMMEANS.items()}
        for i, name in enumerate(given.levels[factor])
    ]


def _contrasts(case: Case, given: Fitted, factor: str, rows: Floats, level: float) -> list[dict[str, Any]]:
    """The contrasts that the result names, ``B - A``."""
    by_name = dict(zip(given.levels[factor], rows, strict=True))
    found = []
    for row in case.result["contrasts"]:
        one, other = _pair(row["contrast"], list(by_name))
        effect = ancova(given.fit, by_name[one] - by_name[other], level)
        values = {
            "contrast": f"{one} - {other}",
            "estimate": effect.estimate,
            "SE": effect.se,
            "df": effect.df,
            "lower.CL": effect.ci_low,
            "upper.CL": effect.ci_high,
            "t.ratio": effect.statistic,
            "p.value": effect.p,
        }
        found.append(_scalars(values))
    return found


def _pair(text: str, levels: list[str]) -> tuple[str, str]:
    return next((a, b) for a in levels for b in levels if a != b and text == f"{a} - {b}")


def run_hc(case: Case) -> dict[str, Any]:
    """The coefficients that the result names, with each variance."""
    given, level = fitted(case), _level(case)
    return {kind: [_hc_row(given, row["name"], kind, level) for row in case.result[kind]] for kind in _kinds(case)}


def _kinds(case: Case) -> list[Any]:
    return [kind for kind in KINDS if kind in case.result]


def _hc_row(given: Fitted, name: str, kind: Any, level: float) -> dict[str, Any]:
    design = given.model.design()
    covariance = hc_covariance(given.y, design, given.seen, given.fit, kind)
    effect = ancova(given.fit, np.eye(len(given.names))[given.names.index(name)], level, covariance=covariance)
    return _row(name, effect)


def run_interacted(case: Case) -> dict[str, Any]:
    """``lm(y ~ arm * x)``, x less its mean, through the estimator that is made for it, without its centring term."""
    given, level = fitted(case), _level(case)
    arm = next(name for name in given.variables if name in given.levels)
    names = [f"{arm}{level_}" for level_ in given.levels[arm][1:]]
    covariates = np.stack([case_columns(given, name) for name in given.variables if name != arm], axis=1)
    found: dict[str, Any] = {}
    for kind in _kinds(case):
        effect = interacted_ancova(
            given.y,
            given.model.variables[given.variables.index(arm)].codes,  # type: ignore[union-attr]
            covariates,
            given.seen,
            arms=len(given.levels[arm]),
            variance=kind,
            centring=False,
            level=level,
        )
        found[kind] = [_row(row["name"], effect, names.index(row["name"])) for row in case.result[kind]]
    return found


def case_columns(given: Fitted, name: str) -> Floats:
    """A covariate's values."""
    variable = given.model.variables[given.variables.index(name)]
    return np.asarray(variable.columns()[:, 0], dtype=np.float64)


def _row(name: str, effect: Any, position: int | None = None) -> dict[str, Any]:
    values = {
        "est": effect.estimate,
        "se": effect.se,
        "t": effect.statistic,
        "df": effect.df,
        "p": effect.p,
        "lower": effect.ci_low,
        "upper": effect.ci_high,
    }
    at = (0,) if position is None else (0, position)
    return {"name": name} | {key: float(value[at]) for key, value in values.items()}


def _scalars(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, str) else float(value[0]) for key, value in row.items()}


def _is_hc(case: Case) -> bool:
    return MODEL.search(case.call) is not None and re.search(r"\bHC[0-3]\b|vcovHC", case.call) is not None


def _is_interacted(case: Case) -> bool:
    """One factor crossed with covariates that the call centres."""
    found = MODEL.search(case.call)
    if found is None or not _is_hc(case):
        return False
    crossed = re.search(r"~\s*[\w.]+\s*\*\s*(?:(?P<one>[\w.]+)|\((?P<more>[\w.+\s]+)\))\s*$", found["formula"])
    centred = {centre["name"] for centre in CENTRED.finditer(case.call)}
    return crossed is not None and set(re.findall(r"[\w.]+", crossed["one"] or crossed["more"])) <= centred


RULES = (
    Rule(
        "analysis of covariance, LS means",
        lambda case: MODEL.search(case.call) is not None and OF.search(case.call) is not None,
        run_ancova,
    ),
    Rule("interacted analysis of covariance", _is_interacted, run_interacted),
    Rule("heteroscedasticity-consistent variances", _is_hc, run_hc),
)
