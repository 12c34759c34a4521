"""Presets: each names a function and arguments that it takes; the documentation has the table of the code."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from pivotal import stats

DOCS = Path(__file__).parents[2] / "docs" / "methods" / "presets.md"


def shown(arguments):
    return ", ".join(f"`{name}={value!r}`" for name, value in arguments.items()).replace("'", '"')


@pytest.mark.parametrize("each", stats.CONVENTIONS, ids=lambda each: each.call)
def test_a_function_takes_what_its_preset_says(each):
    parameters = inspect.signature(getattr(stats, each.call)).parameters
    for program in ("sas", "r"):
        assert set(each.arguments(program)) <= set(parameters)
        assert stats.preset(each.call, program) == each.arguments(program)
    by_itself = {name: parameters[name].default for name in {**each.sas, **each.r}}
    assert each.sas != each.r or each.sas != by_itself, "a preset that changes nothing"


@pytest.mark.parametrize("each", stats.CONVENTIONS, ids=lambda each: each.call)
def test_the_documentation_shows_it(each):
    line = f"| `{each.call}` | {each.about} | {shown(each.sas)} | {shown(each.r)} | {each.programs} |"
    assert line in DOCS.read_text(encoding="utf-8").splitlines()


def test_an_unknown_program_is_refused():
    with pytest.raises(ValueError, match="'stata'"):
        stats.preset("fit_cox", "stata")


def results():
    """A number of every function under given arguments."""
    rng = np.random.default_rng(1)
    time, event, x = rng.integers(1, 9, (1, 60)), rng.random((1, 60)) < 0.7, rng.normal(size=(1, 60, 1))
    table = ([9], [20], [4], [22])
    y, arm = rng.normal(5, 2, (1, 25)) + np.arange(25) / 9, np.arange(25)[None] < 11
    counts, design = rng.negative_binomial(1, 0.3, (1, 60)), np.stack([np.ones(60), np.arange(60) % 2], axis=1)
    sums = stats.cross_products(y, np.stack([np.ones(25), arm[0]], axis=1), np.ones((1, 25), dtype=bool))
    fit = stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    visits = rng.normal(size=(1, 25, 1)) + rng.normal(size=(1, 25, 3))
    visits[0, ::3, 2], visits[0, ::5, 1] = np.nan, np.nan
    many = np.round(rng.normal(5, 2, (50, 12)))
    mmrm = stats.fit_mmrm(visits, stats.visit_design(np.stack([np.ones(25), arm[0]], axis=1), 3))
    curve = stats.kaplan_meier(time, event)
    whole = np.ones((1, 25), dtype=bool)
    return {
        "fit_cox": lambda **a: stats.fit_cox(time, event, x, **a).coefficients,
        "survival_at": lambda **a: stats.survival_at(curve, [4], **a).ci_low,
        "survival_quantile": lambda **a: stats.survival_quantile(curve, (0.3,), **a).ci_high,
        "cumulative_incidence": lambda **a: (
            stats.incidence_at(stats.cumulative_incidence(time, event * (1 + (x[..., 0] > 0)), **a), [4]).se
        ),
        "mmrm_contrasts": lambda **a: stats.mmrm_contrasts(mmrm, np.eye(6)[5:6], **a).p,
        "mmrm_f_test": lambda **a: stats.mmrm_f_test(mmrm, np.eye(6)[3:5], **a).p,
        "hc_covariance": lambda **a: stats.hc_covariance(y, np.stack([np.ones(25), arm[0]], 1), whole, fit, **a),
        "t_test": lambda **a: stats.t_test(y, arm, **a).p,
        "summarise": lambda **a: stats.summarise(y[:, :24], **a).q3,
        "pearson_chi_square": lambda **a: stats.pearson_chi_square(*table, **a).p,
        "cochran_mantel_haenszel": lambda **a: (
            stats.cochran_mantel_haenszel(*(np.array([[n[0], n[0] + 3]]) for n in table), **a).p
        ),
        "mcnemar": lambda **a: stats.mcnemar([20], [9], [3], [12], **a).p,
        "hodges_lehmann": lambda **a: stats.hodges_lehmann(many, np.arange(12) < 4, **a).ci_low,
        "fit_negative_binomial": lambda **a: stats.fit_negative_binomial(counts, time[0], design, **a).covariance,
        "fit_proportional_odds": lambda **a: (
            stats.fit_proportional_odds(stats.category_counts(np.minimum(counts, 3), 4), design[:, 1:], **a).covariance
        ),
        "rubin": lambda **a: stats.rubin([[1.2, 1.5, 0.9]], [[0.4, 0.5, 0.4]], df_complete=20, **a).df,
    }


def test_each_preset_moves_a_number():
    """Where the programs differ the numbers do; where both differ from our default, they differ from it."""
    made = results()
    assert set(made) == {each.call for each in stats.CONVENTIONS}
    for each in stats.CONVENTIONS:
        one, other = (np.asarray(made[each.call](**each.arguments(program))) for program in ("sas", "r"))
        if each.sas == each.r:
            other = np.asarray(made[each.call]())
        assert not np.allclose(one, other, rtol=1e-9), each.call
