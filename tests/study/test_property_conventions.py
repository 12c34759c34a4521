"""The study's preset reaches every analysis that has conventions to choose, and a result says what was done."""

import pytest

from pivotal.errors import StudyError
from pivotal.study.load import library_path, read
from pivotal.study.methods import METHODS
from pivotal.study.show import describe

TEXT = library_path("true-ad3").read_text(encoding="utf-8")
HEAD = "[study]\n"


def study(head="", old="", new=""):
    assert old in TEXT
    return read(TEXT.replace(HEAD, HEAD + head, 1).replace(old, new, 1))


def analyses(found):
    return [each for endpoint in found.endpoints for each in (endpoint.analysis, *endpoint.supplementary)]


def test_a_study_without_a_preset_has_none():
    assert {each.preset for each in analyses(study())} == {None}


@pytest.mark.parametrize("program", ["sas", "r"])
def test_the_preset_is_handed_down(program):
    taking = [
        each for each in analyses(study(f'preset = "{program}"\n')) if "preset" in (METHODS[each.method].options or {})
    ]
    assert taking
    assert {each.preset for each in taking} == {program}


def test_it_is_shown():
    assert "those of SAS" in str(describe(study('preset = "sas"\n')))
    assert "Conventions" not in str(describe(study()))


def test_other_methods_have_none():
    others = [
        each for each in analyses(study('preset = "sas"\n')) if "preset" not in (METHODS[each.method].options or {})
    ]
    assert others
    assert {each.preset for each in others} == {None}


def test_conventions_of_descriptive_statistics():
    assert (study().conventions, study('preset = "r"\n').conventions) == ("sas", "r")


def test_an_unknown_preset_is_one_fault():
    with pytest.raises(StudyError) as caught:
        study('preset = "stata"\n')
    assert len(caught.value.faults) == 1
    assert "stata" in str(caught.value)
