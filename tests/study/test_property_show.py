"""The trial in plain words: readable, complete, every taken figure with its source."""

import doctest
import importlib
import time

import pytest

from pivotal.study import describe, load, read, sections, shipped, template
from pivotal.study.words import sentence

STUDIES = {name: load(name) for name in shipped()} | {"template": read(template())}


@pytest.mark.parametrize("name", STUDIES)
def test_fits_the_page(name):
    text = describe(STUDIES[name])
    wide = [line for line in text.splitlines() if len(line) > 100 and "://" not in line]
    assert wide == []
    assert not any(line != line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("name", STUDIES)
def test_nothing_is_left_out(name):
    study, text = STUDIES[name], " ".join(describe(STUDIES[name]).split())
    for part in (*study.arms, *study.visits, *study.parameters, *study.endpoints, *study.scenarios, *study.grids):
        assert part.name in text
    for criterion in study.population.criteria:
        assert " ".join(str(criterion.text).split()) in text
    for key, source in study.sources.items():
        assert key in text
        assert source.cite in text
    for part in study.cohort.settings.values() if study.cohort is not None else ():
        assert f"[assumed: {part.assumed}]" in text
    for hypothesis in study.testing.hypotheses:
        assert f"{hypothesis.name}: {hypothesis.arm} against {hypothesis.comparator}" in text


def test_a_figure_stands_with_its_source():
    text = describe(STUDIES["true-ad3"])
    assert "IGA-TS    Week 8   7/65 10.8 %      49/134 36.6 %     74/131 56.5 %  REG, derived" in text
    assert "315 patients [OLD]" in text
    assert "odds ratio           10.72  4.429 to 30.042  <0.0001  REG" in text
    assert "mean 8.6, SD 5.4, 0.5 to 40 [SKIN]" in text


def test_a_criterion_as_a_sentence():
    study = STUDIES["true-ad3"]
    said = {c.id: sentence(c, study.variables) for c in study.population.criteria}
    assert said["I5"] == "where AGE at least 6 years: ITCHNRS at least 4"
    assert said["X4a"] == "BIOLWK below 12 weeks or BIOLHL below 5 half-lives"
    assert said["X2c"] == "SKINFWK at most 1 week"
    assert sentence(STUDIES["true-ad1"].population.criteria[24], {}) == "ALPBILI above 1.5 x ULN and not BILIISOL"


def test_sections_without_content_are_left_out():
    assert "Published results" not in [section.title for section in sections(STUDIES["template"])]


def test_it_is_quick():
    start = time.perf_counter()
    describe(STUDIES["true-ad3"])
    assert time.perf_counter() - start < 0.3


@pytest.mark.parametrize("module", ["criteria", "lines", "load", "show", "words"])
def test_examples_run(module):
    assert doctest.testmod(importlib.import_module(f"pivotal.study.{module}")).failed == 0
