"""An improvement goes the way that the parameter's `better` says."""

import numpy as np
import pytest

from pivotal.errors import StudyError
from pivotal.study.load import read, source_text
from pivotal.study.model import Derivation
from pivotal.study.rules import responds

ITCH = 'parameter = "ITCHNRS", improvement_at_least = 4'


def itch(better, more=""):
    """TRuE-AD3 with the itch score's better end exchanged."""
    text = source_text("true-ad3").replace(ITCH, ITCH + more)
    named = '[[parameters]]\nname = "ITCHNRS"\n'
    assert named in text
    return read(text.replace(named, f'{named}better = "{better}"\n', 1))


@pytest.mark.parametrize(("better", "way"), [("lower", "fall"), ("higher", "rise")])
def test_better_says_the_way(better, way):
    found = itch(better)
    rules = [e.derive for e in found.endpoints if e.derive.parameter == "ITCHNRS" and e.derive.improvement_at_least]
    assert rules
    assert {rule.improvement for rule in rules} == {way}


def test_a_contradiction_is_a_fault():
    with pytest.raises(StudyError) as caught:
        itch("lower", ', improvement = "rise"')
    assert "says what an improvement is" in str(caught.value)


def test_rises_and_falls():
    base, value = np.array([2.0, 2.0, 2.0]), np.array([1.0, 2.2, 2.4])
    for rule, want in (
        (Derivation(parameter="FEV1", improvement_at_least=0.2, improvement="rise"), [False, True, True]),
        (Derivation(parameter="FEV1", percent_improvement_at_least=20, improvement="rise"), [False, False, True]),
        (Derivation(parameter="FEV1", improvement_at_least=0.2), [True, False, False]),
        (Derivation(parameter="FEV1", percent_improvement_at_least=50), [True, False, False]),
    ):
        assert responds(rule, value, base).tolist() == want
