"""The cases of R's mice and rbmi, run through the package's own rules."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pivotal.validate
from pivotal.stats import conditional_mean_jackknife, reference_ancova
from pivotal.validate.case import read_cases
from pivotal.validate.compare import compare
from pivotal.validate.families.imputation import RULES, Trial
from pivotal.validate.registry import rule_for
from pivotal.validate.rule import Rule, Simulated

CASES = [
    case
    for case in read_cases(Path(pivotal.validate.__file__).parent / "cases")
    if case.area in ("mi", "rbmi") or case.package in ("mice", "rbmi")
]


def test_the_family_has_its_cases():
    assert len(CASES) == 14


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case):
    rule = rule_for(case)
    assert rule in RULES
    checks = compare(case, rule, rule.run(case))
    assert len([check for check in checks if check.agrees]) > 15
    assert not [check for check in checks if check.agrees is None and check.quantity not in rule.left_out]
    assert not [check for check in checks if check.agrees is False]


def written(folder, rename, recode, call, **more):
    """The trial of the rbmi cases under other names, its rows in another order, as a case of a user's own."""
    case = next(case for case in CASES if case.id == "antidepressant/method_condmean(jackknife)/JR")
    table = case.table()
    order = np.random.default_rng(1).permutation(table.rows)
    names = {rename.get(name, name): values[order] for name, values in table.columns.items() if name not in DROPPED}
    for name, codes in recode.items():
        names[name] = np.array([codes[str(value)] for value in names[name]])
    lines = [",".join(names)] + [",".join(map(str, row)) for row in zip(*names.values(), strict=True)]
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    return replace(case, id="own/1", folder=folder, call=call, input={**case.input, "csv": "own.csv", **more})


DROPPED = ("HAMATOTL", "PGIIMP", "RELDAYS", "POOLINV", "HAMDTL17")
OTHER = (
    "draws(method_condmean(jackknife), us, same_cov=TRUE, REML) on d ~ b*week + trt*week; ancova(d ~ trt + b) per visit"
)
RENAMED = {"CHANGE": "d", "BASVAL": "b", "VISIT": "week", "THERAPY": "trt", "PATIENT": "who"}


@pytest.mark.parametrize(
    ("levels", "reference"), [({"DRUG": "a", "PLACEBO": "z"}, "z"), ({"DRUG": 2, "PLACEBO": 0}, "0")]
)
def test_other_names_and_codes(tmp_path, levels, reference):
    case = written(tmp_path, RENAMED, {"trt": levels}, OTHER, reference=reference)
    rule = rule_for(case)
    assert not [check for check in compare(case, rule, rule.run(case)) if check.agrees is False]


def test_a_further_covariate_and_arms_with_their_own_matrices(tmp_path):
    call = (
        OTHER.replace("b*week +", "b*week + GENDER +").replace("trt + b)", "trt + b + GENDER)").replace("TRUE", "FALSE")
    )
    case = written(tmp_path, RENAMED, {}, call)
    found = rule_for(case).run(case)
    expected = {row["parameter"]: row["est"] for row in case.result["parameters"]}
    for row in found["parameters"]:
        assert row["est"] == pytest.approx(expected[row["parameter"]], abs=0.4)
        assert row["est"] != pytest.approx(expected[row["parameter"]], abs=1e-6)


def test_what_cannot_be_run_has_no_rule(tmp_path):
    for call in (OTHER.replace("jackknife", "bootstrap"), OTHER.replace(" us,", " ar1,")):
        assert rule_for(written(tmp_path, RENAMED, {}, call)) is None


def test_the_printed_output_of_the_vignette():
    """Rbmi's vignette on conditional mean imputation: frequentist and information-anchored errors, three decimals."""
    case = next(case for case in CASES if case.id == "antidepressant/method_condmean(jackknife)/JR")
    trial = Trial.of(case)
    for anchored, printed in ((False, (0.695, 0.878, 0.862, 0.858)), (True, (0.695, 0.944, 0.993, 1.123))):
        found = conditional_mean_jackknife(trial.model, trial.x, trial.arms, anchored=anchored)
        np.testing.assert_allclose(found.se[0, :, 0], printed, atol=5.1e-4)
        np.testing.assert_allclose(found.estimate[0, :, 0], (0.092, -1.305, -1.929, -2.126), atol=5.1e-4)


def test_the_printed_output_of_the_quick_start():
    """Rbmi's vignette with 150 Bayesian imputations; 500 here, seed 1. Four Monte-Carlo errors of the difference."""
    case = next(case for case in CASES if case.id == "antidepressant/method_condmean(jackknife)/JR")
    trial = Trial.of(case)
    found = reference_ancova(
        trial.model, trial.x, trial.arms, imputations=500, rng=np.random.default_rng(1), draws="bayes"
    )
    wider = 4 * np.sqrt(1 + 500 / 150)
    estimates = (0.09180645, -1.33263541, -1.94988585, -2.16910952)
    errors = (0.6826279, 0.9230670, 0.9939613, 1.1200045)
    for name, printed in (("estimate", estimates), ("se", errors)):
        gap = np.abs(getattr(found.pooled, name)[0, :, 0] - printed)
        assert (gap <= wider * getattr(found.error, name)[0, :, 0] + 1e-6).all(), name


def test_bayesian_draws_agree_with_the_bootstrap_within_monte_carlo_error():
    """The approximate cases' numbers, run as if they were Bayesian ones: the two differ by less than their errors."""
    case = next(case for case in CASES if case.id == "antidepressant/method_approxbayes(n_samples=100)/CIR")
    other = replace(case, call=case.call.replace("method_approxbayes", "method_bayes"))
    rule = rule_for(other)
    assert rule.name == "Bayesian reference-based imputation"
    assert not [check for check in compare(other, rule, rule.run(other)) if check.agrees is False]


def test_a_simulated_number_is_held_to_its_monte_carlo_error():
    case = replace(CASES[0], result={"estimate": 1.0})
    rule = Rule("simulated", lambda _: True, lambda _: {})
    for value, error, agrees in ((1.039, 0.01, True), (1.041, 0.01, False), (1.0, 0.0, True), (1.1, 0.0, False)):
        (check,) = compare(case, rule, {"estimate": Simulated(value, error)})
        assert (check.agrees, check.got) == (agrees, value)
