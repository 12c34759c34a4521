"""What the family of mixed models needs of the validation's parts: formulas, levels, tolerances in standard errors."""

import doctest

import numpy as np
import pytest

import pivotal.validate.formula as formula
from pivotal.validate.case import Case, Table
from pivotal.validate.compare import compare
from pivotal.validate.families.mmrm import Request
from pivotal.validate.rule import Rule, Tolerance


def table():
    return Table(
        {
            "who": np.array(["b", "b", "a", "a"]),
            "week": np.array(["w1", "w2", "w1", "w2"]),
            "drug": np.array(["x", "x", "y", "y"]),
            "score": np.array([1.0, 2.0, 3.0, np.nan]),
            "w": np.ones(4),
        }
    )


def test_examples():
    result = doctest.testmod(formula)
    assert result.attempted > 0
    assert result.failed == 0


def test_levels_come_from_the_names_of_the_coefficients():
    names = ["(Intercept)", "drugx", "weekw2", "drugx:weekw2"]
    levels = formula.levels_named(table(), "drug * week", names)
    assert levels == {"drug": ["y", "x"], "week": ["w1", "w2"]}
    found = formula.design(table(), "drug * week", levels=levels)
    assert list(found.names) == names
    np.testing.assert_array_equal(found.matrix[:, 1], [1, 1, 0, 0])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            "mmrm(score ~ drug * week + us(week | who), method='Satterthwaite', reml=TRUE)",
            ("us", "Satterthwaite", "Asymptotic", True),
        ),
        ("mmrm(score ~ drug*week+ar1h, method='Residual')", ("ar1h", "Residual", "Empirical", True)),
        (
            "mmrm(score ~ drug * week + toeph(week | who), method='Kenward-Roger', vcov='Kenward-Roger-Linear')",
            ("toeph", "Kenward-Roger", "Kenward-Roger-Linear", True),
        ),
        ("mmrm(score ~ drug * week + cs(week | who), reml = FALSE)", ("cs", "Satterthwaite", "Asymptotic", False)),
        (
            "mmrm(score ~ drug * week + us, vcov='Empirical-Jackknife')",
            ("us", "Satterthwaite", "Empirical-Jackknife", True),
        ),
    ],
)
def test_a_call_is_read(call, expected):
    case = Case(id="any", area="any", package="", version="", call=call, input={}, result={})
    found = Request.of(case, table())
    assert (found.structure, found.method, found.vcov, found.reml) == expected
    assert (found.response, found.visit, found.subject) == ("score", "week", "who")
    assert formula.terms(found.right) == [("drug",), ("week",), ("drug", "week")]


def test_weights_named_in_the_call():
    case = Case(
        id="any", area="any", package="", version="", call="mmrm(score ~ week + us, weights=w)", input={}, result={}
    )
    assert Request.of(case, table()).weights == "w"


def test_a_tolerance_may_be_measured_in_a_number_beside():
    rule = Rule("any", lambda case: True, lambda case: {}, {"est": Tolerance(0.0, 0.01, of="se")})
    case = Case(
        id="any", area="any", package="", version="", call="", input={}, result={"coef": [{"est": 0.0, "se": 2.0}]}
    )
    near = compare(case, rule, {"coef": [{"est": 0.019, "se": 2.0}]})
    far = compare(case, rule, {"coef": [{"est": 0.021, "se": 2.0}]})
    assert [check.agrees for check in near] == [True, True]
    assert [check.agrees for check in far] == [False, True]
    assert near[0].tolerance.absolute == pytest.approx(0.02)
