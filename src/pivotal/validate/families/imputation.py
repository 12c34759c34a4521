"""Missing data: pooling as R's mice, reference-based imputation as R's rbmi."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats import (
    Imputed,
    Pooled,
    ReferenceModel,
    ancova_by_visit,
    arm_quantities,
    conditional_mean_jackknife,
    fit_logistic,
    fit_ols,
    impute_reference,
    impute_reference_bayes,
    monte_carlo_error,
    reference_model,
    rubin,
)
from pivotal.stats.imputation.strategies import CODES
from pivotal.validate.case import Case, Table
from pivotal.validate.formula import design, sides, variables
from pivotal.validate.rule import Rule, Simulated, Tolerance

Floats = NDArray[np.float64]
IMPUTATION, SUBJECT = ".imp", ("PATIENT", "USUBJID", "SUBJID", "SUBJECT", "ID")
# Random cases: imputations drawn here, and the seed.
DRAWN, SEED = 500, 1
QUANTITIES = ("trt", "lsm_ref", "lsm_alt")


# -- pooling -----------------------------------------------------------------------------------------------------------


def _pools_numbers(case: Case) -> bool:
    return "pool.scalar(" in case.call and {"Q", "U"} <= case.input.keys()


def _pool_numbers(case: Case) -> Mapping[str, Any]:
    estimates, variances = (np.asarray(case.input[key], dtype=np.float64)[None] for key in ("Q", "U"))
    complete, level = float(case.input.get("dfcom", "inf")), _level(case)
    pooled = rubin(estimates, variances, df_complete=complete, level=level)
    old = rubin(estimates, variances, df="rubin", level=level)
    one = _numbers(pooled)
    hand = {name: one[name] for name in ("estimate", "within", "between", "total", "se", "riv", "fmi", "p")}
    hand |= {"lambda": one["lambda_"], "df_rubin1987": float(old.df[0]), "df_barnard_rubin": one["df"]}
    hand |= {"t": one["statistic"], "lower": one["ci_low"], "upper": one["ci_high"]}
    mice = {"qbar": "estimate", "ubar": "within", "b": "between", "t": "total", "r": "riv", "df": "df", "fmi": "fmi"}
    return {"mice": {name: one[field] for name, field in mice.items()}, "hand": hand}


def _numbers(pooled: Pooled, at: tuple[int, ...] = (0,)) -> dict[str, float]:
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "within", "between", "total")
    return {name: float(getattr(pooled, name)[at]) for name in (*names, "riv", "lambda_", "fmi")}


def _level(case: Case) -> float:
    found = re.search(r"conf\.?_?level\s*=\s*([\d.]+)", case.call)
    return float(found.group(1)) if found else float(case.input.get("level", 0.95))


def _pools_fits(case: Case) -> bool:
    return "pool(" in case.call and "csv_completed" in case.input and case.input.get("family") in FAMILIES


def _pool_fits(case: Case) -> Mapping[str, Any]:
    table = case.table("csv_completed")
    table = table.keep(table[IMPUTATION] > 0)
    response, right = sides(case.input["formula"])
    model = design(table, right)
    sets = table.codes(IMPUTATION)
    m = int(sets.max()) + 1
    order = np.argsort(sets, kind="stable")
    x = model.matrix[order].reshape(m, -1, model.matrix.shape[1])
    y = _outcome(table, response)[order].reshape(m, -1)
    coefficients, variances = FAMILIES[case.input["family"]](y, x)
    complete, level = float(x.shape[1] - x.shape[2]), _level(case)
    pooled = rubin(coefficients[None], variances[None], df_complete=complete, level=level)
    ends = [f"{100 * side:.15g} %" for side in ((1 - level) / 2, (1 + level) / 2)]
    summary, parts = [], []
    for term, name in enumerate(model.names):
        one = _numbers(pooled, (0, term))
        shown = {"std.error": "se", "p.value": "p", ends[0]: "ci_low", ends[1]: "ci_high"}
        shown |= {same: same for same in ("estimate", "statistic", "df")}
        summary.append({"term": name, **{key: one[field] for key, field in shown.items()}})
        inner = {"ubar": "within", "b": "between", "t": "total", "lambda": "lambda_"}
        inner |= {same: same for same in ("estimate", "df", "riv", "fmi")}
        parts.append({"term": name, "m": m, "dfcom": complete, **{key: one[field] for key, field in inner.items()}})
    return {"summary": summary, "pooled": parts}


def _outcome(table: Table, response: str) -> Floats:
    values = table[response]
    return values if values.dtype.kind == "f" else table.codes(response).astype(np.float64)


def _linear(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    across = np.swapaxes(x, 1, 2)
    fit = fit_ols(across @ x, (across @ y[..., None])[..., 0], (y * y).sum(axis=1), np.full(len(y), x.shape[1]))
    return fit.coefficients, fit.sigma2[:, None] * np.einsum("jjr->rj", fit.swept.inverse)


def _logistic(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    fit = fit_logistic(y, np.ones_like(y), x)
    return fit.coefficients, np.einsum("rjj->rj", fit.covariance)


FAMILIES = {"gaussian": _linear, "binomial": _logistic}


# -- reference-based imputation ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """A case's trial: the model for imputation, the design of the analysis, the visits' names."""

    model: ReferenceModel
    x: Floats
    visits: list[str]
    events: int

    @classmethod
    def of(cls, case: Case) -> Trial:
        """Read a case."""
        table = case.table()
        response, right = sides(_formula(case))
        _, analysis = sides(_found(r"ancova\((.+?)\)\s*per visit", case.call))
        own, reference = _written(case)
        visit = next(name for name in variables(right) if name not in variables(analysis))
        arm = next(n for n in variables(analysis) if n in table and reference in table.levels(n))
        grid = _Grid.of(table, _subject(case, table, visit), visit)
        y = grid.values(response)
        arms = [reference, *(level for level in table.levels(arm) if level != reference)]
        rows = grid.table(table, [name for name in variables(right) + variables(analysis) if name in table], visit)
        moved = Table({**rows.columns, arm: _all(rows[arm], reference)})
        both = Table({name: np.concatenate([rows[name], moved[name]]) for name in rows.columns})
        wide = design(both, right, factors=(visit, arm), levels={arm: arms}).matrix
        own_rows, reference_rows = (part.reshape(*y.shape, -1) for part in np.split(wide, 2))
        event = np.where(np.isnan(y).any(axis=1), np.isnan(y).argmax(axis=1), y.shape[1])
        event[np.isin(grid.subjects, _excluded(case))] = y.shape[1]
        code = rows.codes(arm).reshape(y.shape)[:, 0]
        group = None if own else code
        home = None if own else np.full(len(y), rows.levels(arm).index(reference))
        model = reference_model(
            y[None],
            own_rows,
            reference_rows,
            arm=code,
            event=event,
            strategy=case.input["strategy"],
            group=group,
            reference_group=home,
            fit="ML" if re.search(r"\bML\b|REML\s*=\s*F", case.call) else "REML",
        )
        first = rows.keep(np.arange(rows.rows) % y.shape[1] == 0)
        x = design(first, f"{arm} + {_without(analysis, arm)}", factors=(arm,), levels={arm: arms})
        return cls(model, x.matrix, grid.visits, int((event < y.shape[1]).sum()))

    @property
    def arms(self) -> list[int]:
        """Columns of the arm in the analysis's design."""
        return [1]

    def parameters(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every visit's quantities as rbmi lists them; the fields are (replicate, visit, quantity)."""
        return [
            {"parameter": f"{name}_{visit}", **{key: value[0, j, q] for key, value in fields.items()}}
            for j, visit in enumerate(self.visits)
            for q, name in enumerate(QUANTITIES)
        ]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Rows of a table by patient and visit."""

    source: Table
    subjects: list[str]
    visits: list[str]
    place: NDArray[np.int64]
    """Row of the table of each patient at each visit, -1 where there is none."""

    @classmethod
    def of(cls, table: Table, subject: str, visit: str) -> _Grid:
        subjects, visits = table.levels(subject), table.levels(visit)
        place = np.full((len(subjects), len(visits)), -1, dtype=np.int64)
        place[table.codes(subject), table.codes(visit)] = np.arange(table.rows)
        return cls(table, subjects, visits, place)

    def values(self, name: str) -> Floats:
        """A column, (patient, visit), NaN where there is no row."""
        return np.where(self.place >= 0, self.source[name][self.place], np.nan)

    def table(self, table: Table, names: list[str], visit: str) -> Table:
        """A row for every patient at every visit: the last one before it where there is none, else the first."""
        there = self.place >= 0
        position = np.where(there, np.arange(self.place.shape[1]), -1)
        last = np.maximum.accumulate(position, axis=1)
        filled = np.where(last >= 0, last, there.argmax(axis=1)[:, None])
        rows = np.take_along_axis(self.place, filled, axis=1).ravel()
        columns = {name: table[name][rows] for name in dict.fromkeys(names)}
        columns[visit] = np.tile(np.array(self.visits), len(self.subjects))
        return Table(columns)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1).strip() if match else ""


def _formula(case: Case) -> str:
    return _found(r"\bon\s+(\w+\s*~[^;]+)", case.call)


def _written(case: Case) -> tuple[bool, str]:
    """Whether arms share one covariance matrix, and the reference arm."""
    common = re.search(r"same_cov\s*=\s*(F|FALSE)\b", case.call) is None
    return common, str(case.input.get("reference") or _found(r"references?\s+(\w+)\s+for", case.call))


def _without(right: str, name: str) -> str:
    """A formula's right side without a variable's main effect."""
    return " + ".join(part for part in (piece.strip() for piece in right.split("+")) if part != name) or "1"


def _excluded(case: Case) -> list[str]:
    """Patients without an intercurrent event although they have missing values."""
    return re.findall(r"(\w+) excluded", str(case.input.get("ice", "")))


def _subject(case: Case, table: Table, visit: str) -> str:
    """The column of patients: as the input names it, by the names it usually has, else what tells rows of a visit."""
    given = case.input.get("subject") or case.input.get("id")
    if given in table.columns:
        return str(given)
    usual = [name for known in SUBJECT for name in table.columns if name.upper() == known]
    if usual:
        return usual[0]
    visits = table.codes(visit)
    apart = [
        name
        for name in table.columns
        if name != visit and len(np.unique(np.stack([table.codes(name), visits]), axis=1).T) == table.rows
    ]
    return min(apart, key=lambda name: len(table.levels(name)))


def _all(values: NDArray[Any], level: str) -> NDArray[Any]:
    """A column with one level in every row."""
    return np.full(len(values), float(level) if values.dtype.kind == "f" else level)


def _imputes(case: Case, method: str) -> bool:
    known = case.input.get("strategy") in CODES and "csv" in case.input
    return known and method in case.call and bool(_formula(case)) and re.search(r"\bus\b", case.call) is not None


def _jackknife(case: Case) -> Mapping[str, Any]:
    trial = Trial.of(case)
    found = conditional_mean_jackknife(trial.model, trial.x, trial.arms, level=_level(case))
    fields = {"est": found.estimate, "se": found.se, "lower": found.ci_low, "upper": found.ci_high, "p": found.p}
    return {"parameters": trial.parameters(fields), "n_ice": trial.events}


def _bootstrap(case: Case) -> Mapping[str, Any]:
    trial = Trial.of(case)
    return _pooled(case, trial, impute_reference(trial.model, DRAWN, np.random.default_rng(SEED)))


def _bayes(case: Case) -> Mapping[str, Any]:
    trial = Trial.of(case)
    return _pooled(case, trial, impute_reference_bayes(trial.model, DRAWN, np.random.default_rng(SEED)))


def _pooled(case: Case, trial: Trial, imputed: Imputed) -> Mapping[str, Any]:
    found = ancova_by_visit(imputed.y, trial.x, arm_quantities(trial.x, trial.arms))
    pooled = found.pooled(_level(case))
    error = monte_carlo_error(found.estimate, found.variance, df_complete=found.df[:, 0], level=_level(case))
    # the other program's error, with the number of imputations that it drew, and our own
    drawn = int(_found(r"n_samples\s*=\s*(\d+)", case.call))
    wider = np.sqrt(1 + DRAWN / drawn)
    names = {"est": "estimate", "se": "se", "lower": "ci_low", "upper": "ci_high", "p": "p"}
    fields = {key: _simulated(getattr(pooled, name), getattr(error, name) * wider) for key, name in names.items()}
    return {"parameters": trial.parameters(fields), "n_ice": trial.events}


def _simulated(values: Floats, errors: Floats) -> NDArray[Any]:
    made = np.empty(values.shape, dtype=object)
    for at in np.ndindex(values.shape):
        made[at] = Simulated(float(values[at]), float(errors[at]))
    return made


CLOCK = "how long R took"
UNTIMED = {"draw_seconds": CLOCK, "impute_analyse_pool_seconds": CLOCK}
# rbmi's fits stop when the log likelihood, some -1,700, rises by less than 2e-9 of itself, 4e-6. Fits that fall so
# short of the optimum move these estimates by up to 5e-5 standard errors and the standard errors by up to 6e-5 of
# themselves; where nothing is imputed the two programs agree to 1e-13.
STOPPED = "the fits of the other program stop 1e-6 or so of log likelihood short of the optimum"
SHIFT = Tolerance(1e-6, 1e-4, STOPPED, "se")

RULES: tuple[Rule, ...] = (
    Rule("rubin", _pools_numbers, _pool_numbers),
    Rule("rubin on fits", _pools_fits, _pool_fits),
    Rule(
        "conditional mean imputation with the jackknife",
        lambda case: _imputes(case, "method_condmean(jackknife)"),
        _jackknife,
        tolerances={
            "est": SHIFT,
            "se": Tolerance(1e-4, why=STOPPED),
            "lower": Tolerance(1e-6, 2e-4, STOPPED, "se"),
            "upper": Tolerance(1e-6, 2e-4, STOPPED, "se"),
            "p": Tolerance(1e-2, why=STOPPED + "; a p-value of z = 10 moves by z^2 = 100 times as much"),
        },
        left_out=UNTIMED,
    ),
    Rule(
        "approximate Bayesian reference-based imputation",
        lambda case: _imputes(case, "method_approxbayes("),
        _bootstrap,
        left_out=UNTIMED,
    ),
    Rule(
        "Bayesian reference-based imputation",
        lambda case: _imputes(case, "method_bayes(") and _written(case)[0],
        _bayes,
        left_out=UNTIMED,
    ),
)
