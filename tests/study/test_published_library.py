"""The shipped studies hold what was posted. Numbers copied by hand from ClinicalTrials.gov, NCT04921969, NCT03745638,
NCT03745651 (percentages, limits, flow) and from the data set strep_tb of the R package medicaldata."""

import csv
import re
from collections import Counter

import numpy as np
import pytest

from pivotal.study import Study, eligible, library_path, load, read, shipped, source_hash, source_text
from pivotal.study.words import mark

ARMS = ("Vehicle", "Ruxolitinib 0.75%", "Ruxolitinib 1.5%")
TRUE_AD = ("true-ad1", "true-ad2", "true-ad3")

# percentages as posted, by arm in the order of ARMS
POSTED = {
    ("true-ad3", "IGA-TS", "Week 2"): (4.6, 24.6, 35.1),
    ("true-ad3", "IGA-TS", "Week 4"): (12.3, 36.6, 48.1),
    ("true-ad3", "IGA-TS", "Week 8"): (10.8, 36.6, 56.5),
    ("true-ad3", "EASI75", "Week 2"): (6.2, 35.8, 43.5),
    ("true-ad3", "EASI75", "Week 4"): (12.3, 53.0, 62.6),
    ("true-ad3", "EASI75", "Week 8"): (15.4, 51.5, 67.2),
    ("true-ad3", "NRS4", "Day 3"): (4.1, 14.6, 12.1),
    ("true-ad3", "NRS4", "Day 7"): (11.5, 23.5, 28.2),
    ("true-ad3", "NRS4", "Week 2"): (8.1, 23.8, 23.7),
    ("true-ad3", "NRS4", "Week 4"): (10.8, 33.8, 36.8),
    ("true-ad3", "NRS4", "Week 8"): (29.7, 37.5, 43.4),
    ("true-ad1", "IGA-TS", "Week 2"): (3.2, 22.2, 27.3),
    ("true-ad1", "IGA-TS", "Week 4"): (6.3, 42.5, 46.6),
    ("true-ad1", "IGA-TS", "Week 8"): (15.1, 50.0, 53.8),
    ("true-ad1", "EASI75", "Week 8"): (24.6, 56.0, 62.1),
    ("true-ad1", "NRS4", "Week 2"): (5.1, 26.3, 33.5),
    ("true-ad1", "NRS4", "Week 4"): (11.5, 38.5, 51.6),
    ("true-ad1", "NRS4", "Week 8"): (15.4, 40.4, 52.2),
    ("true-ad2", "IGA-TS", "Week 2"): (4.2, 17.3, 25.0),
    ("true-ad2", "IGA-TS", "Week 4"): (5.9, 35.5, 43.4),
    ("true-ad2", "IGA-TS", "Week 8"): (7.6, 39.0, 51.3),
    ("true-ad2", "EASI75", "Week 8"): (14.4, 51.5, 61.8),
    ("true-ad2", "NRS4", "Week 2"): (5.0, 27.4, 32.2),
    ("true-ad2", "NRS4", "Week 4"): (12.5, 38.2, 45.2),
    ("true-ad2", "NRS4", "Week 8"): (16.3, 42.7, 50.7),
}
ANALYSED = {
    ("true-ad3", "NRS4"): (37, 80, 76),
    ("true-ad3", ""): (65, 134, 131),
    ("true-ad1", "NRS4"): (78, 156, 161),
    ("true-ad1", ""): (126, 252, 253),
    ("true-ad2", "NRS4"): (80, 157, 146),
    ("true-ad2", ""): (118, 231, 228),
}
# odds ratio, limits and p as posted, 0.75 % then 1.5 %
ODDS_RATIOS = {
    ("true-ad3", "IGA-TS"): ((4.74, 1.951, 13.315, "0.0001"), (10.72, 4.429, 30.042, "<0.0001")),
    ("true-ad3", "NRS4"): ((1.41, 0.610, 3.268, "0.4198"), (1.80, 0.779, 4.174, "0.1685")),
    ("true-ad1", "IGA-TS"): ((6.38, 3.556, 11.923, "<0.0001"), (7.50, 4.178, 14.040, "<0.0001")),
    ("true-ad1", "EASI75"): ((4.04, 2.441, 6.808, "<0.0001"), (5.22, 3.145, 8.831, "<0.0001")),
    ("true-ad1", "NRS4"): ((3.66, 1.773, 8.083, "0.0002"), (6.01, 2.931, 13.220, "<0.0001")),
    ("true-ad2", "IGA-TS"): ((8.84, 4.125, 21.202, "<0.0001"), (15.80, 7.354, 38.061, "<0.0001")),
    ("true-ad2", "EASI75"): ((6.84, 3.723, 13.184, "<0.0001"), (10.67, 5.775, 20.732, "<0.0001")),
    ("true-ad2", "NRS4"): ((4.17, 2.045, 9.036, "<0.0001"), (5.80, 2.833, 12.657, "<0.0001")),
}
LEFT = {
    "true-ad3": ((16, 65), (14, 134), (16, 131)),
    "true-ad1": ((31, 126), (30, 252), (28, 253)),
    "true-ad2": ((19, 124), (39, 248), (22, 246)),
}
CRITERIA = {
    "true-ad3": "I0 I1 I2 I3 I4 I5 I6 I7 I8 X1 X2a X2b X2c X2d X2e X2f X2g X3 X4a X4b X4c X4d X5 X6 X7 X8 X9 X10 X11",
    "true-ad1": "I1 I2 I3 I4a I5a I6 I7 I8 X1 X2a X2b X2c X2d X2e X2f X3 X4a X4b X4c X4d X5 X6 X7 X8a X8b X9 X10 X11",
}
CRITERIA["true-ad2"] = CRITERIA["true-ad1"]


@pytest.fixture(scope="module")
def studies() -> dict[str, Study]:
    return {name: load(name) for name in shipped()}


@pytest.mark.parametrize("name", shipped())
def test_expressions_of_shipped_studies_are_right(name):
    """`load` takes them as they are; they are read here."""
    assert read(source_text(name), name) == load(name)


def test_what_is_shipped(studies):
    assert shipped() == ["cdisc-pilot-01", "mrc-1948", "true-ad1", "true-ad2", "true-ad3"]
    assert load("TRuE-AD3") == studies["true-ad3"]
    assert len(source_hash("true-ad3")) == 64
    assert all(study.study.title for study in studies.values())


@pytest.mark.parametrize(("key", "percentages"), POSTED.items())
def test_rates_are_the_posted_percentages(studies, key, percentages):
    name, endpoint, visit = key
    rates = next(r for r in studies[name].scenario("published").rates if (r.endpoint, r.visit) == (endpoint, visit))
    for arm, percent, n in zip(ARMS, percentages, ANALYSED.get((name, endpoint), ANALYSED[name, ""]), strict=True):
        rate = rates.arms[arm]
        assert f"{100 * rates.proportion(arm) + 1e-9:.1f}" == f"{percent:.1f}"
        if visit.startswith("Week"):
            assert rate[1] == n
            fits = [x for x in range(n + 1) if f"{100 * x / n + 1e-9:.1f}" == f"{percent:.1f}"]
            assert fits == [rate[0]], "the only count that gives the percentage"
            assert rates.basis == "derived"
        posted = next(
            p for p in studies[name].posted
            if (p.endpoint, p.visit, p.arm, p.statistic) == (endpoint, visit, arm, "rate")
        )  # fmt: skip
        assert posted.value == percent
        assert posted.x == (rate[0] if isinstance(rate, tuple) else None)


@pytest.mark.parametrize(("key", "ratios"), ODDS_RATIOS.items())
def test_odds_ratios_are_the_posted_ones(studies, key, ratios):
    name, endpoint = key
    for arm, expected in zip(ARMS[1:], ratios, strict=True):
        row = next(p for p in studies[name].posted if (p.endpoint, p.arm, p.statistic) == (endpoint, arm, "odds ratio"))
        assert (row.value, row.low, row.high, row.p, row.comparator) == (*expected, "Vehicle")
        assert (row.digits, row.limit_digits) == (2, 3)


def test_posted_limits_agree_with_their_percentage(studies):
    for name in TRUE_AD:
        for row in studies[name].posted:
            if row.low is not None and row.value is not None and row.high is not None:
                assert row.low < row.value < row.high
    headline = [p for p in studies["true-ad3"].posted if (p.endpoint, p.visit) == ("IGA-TS", "Week 8")]
    assert [(p.low, p.high) for p in headline[:3]] == [(4.4, 20.9), (28.4, 45.3), (47.6, 65.1)]


@pytest.mark.parametrize("name", TRUE_AD)
def test_dropout_is_the_posted_flow(studies, name):
    dropout = studies[name].scenario("published").dropout
    assert tuple((d.x, d.n) for d in dropout) == LEFT[name]
    assert all(sum(d.reasons.values()) == d.x for d in dropout)
    null = studies[name].scenario("null")
    assert {d.arm: d.proportion for d in null.dropout} == dict.fromkeys(ARMS[1:], dropout[0].proportion)
    assert null.response_as == dict.fromkeys(ARMS[1:], "Vehicle")


@pytest.mark.parametrize("name", TRUE_AD)
def test_the_design(studies, name):
    study = studies[name]
    assert tuple(arm.name for arm in study.arms) == ARMS
    assert [arm.ratio for arm in study.arms] == [1, 2, 2]
    assert study.control == 0
    assert [c.id for c in study.population.criteria] == CRITERIA[name].split()
    assert all(c.text and c.source for c in study.population.criteria)
    assert study.baseline_visit.name == "Baseline"
    assert study.endpoint("IGA-TS").analysis.method == "exact conditional logistic"
    assert [s.name for s in study.scenarios] == ["published", "null", "low dose only", "heavy dropout"]
    assert sum(h.weight for h in study.testing.hypotheses) == 1


@pytest.mark.parametrize("name", shipped())
def test_every_figure_says_where_it_comes_from(studies, name):
    study = studies[name]
    assert all(re.match(r"NCT\d{8}|doi:10\.|PMID \d|CDISCPILOT01|Protocol H2Q", s.cite) for s in study.sources.values())
    head = [study.population, study.randomisation, study.testing, study.study]
    parts = [*head, *study.arms, *study.periods, *study.parameters, *study.endpoints, *study.posted, *study.scenarios]
    parts += list(study.study.facts.values())
    parts += [x for s in study.scenarios for x in (*s.rates, *s.dropout)]
    if study.cohort is not None:
        parts += [study.cohort, *study.cohort.baseline, *study.cohort.screening, *study.cohort.settings.values()]
    parts += [*study.grids, *study.tables]
    parts += [a for e in study.endpoints for a in (e.intercurrent, e.analysis, *e.supplementary)]
    assert [part for part in parts if not mark(part)] == []
    used = set(re.findall(r'source = "(\w+)"', source_text(name)))
    assert used <= set(study.sources)


@pytest.mark.parametrize("name", TRUE_AD)
def test_about_a_quarter_fail_at_screening(studies, name):
    passed = np.prod([1 - row.percent / 100 for row in studies[name].cohort.screening])
    assert 0.22 < 1 - passed < 0.28


@pytest.mark.parametrize(
    ("child", "answer"),
    [
        ({}, 1),
        ({"AGE": 12}, 0),
        ({"AGE": 5, "ITCHNRS": 2}, 1),
        ({"AGE": 6, "ITCHNRS": 2}, 0),
        ({"IGA": 4}, 0),
        ({"BSA": 20.0}, 1),
        ({"BSA": 20.5}, 0),
        ({"BIOLWK": 13.0, "BIOLHL": 4.0}, 0),
        ({"BIOLWK": 13.0, "BIOLHL": 6.0}, 1),
        ({"TOPADWK": 0.5}, 0),
        ({"SKINFWK": 1.0}, 0),
        ({"ICSDOSE": 880.0}, 1),
        ({"ICSDOSE": 881.0}, 0),
        ({"PLAT": 99000.0}, 0),
        ({"HIVPOS": -1}, -1),
        ({"HIVPOS": -1, "IGA": 4}, 0),
    ],
)
def test_who_may_enter_true_ad3(studies, child, answer):
    study = studies["true-ad3"]
    usual = {name: v.usual for name, v in study.variables.items() if v.usual is not None}
    patient = usual | {"AGE": 8, "IGA": 3, "BSA": 10.0, "ITCHNRS": 6} | child
    columns = {name: np.array([value]) for name, value in patient.items()}
    assert eligible(study.population.criteria, columns).tolist() == [answer]


def test_mrc_1948_agrees_with_its_data(studies):
    study = studies["mrc-1948"]
    with library_path("mrc-1948").with_name("strep_tb.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mapping = study.data
    assert mapping is not None
    assert len({row[mapping.subject] for row in rows}) == study.population.size == 107
    arms = [mapping.arm.values[row[mapping.arm.column]] for row in rows]
    assert Counter(arms) == {"Bed rest": 52, "Streptomycin": 55}
    scores = [float(row[mapping.parameters[0].column]) for row in rows]
    responds = {"Improved": lambda s: s >= 5, "Considerable improvement": lambda s: s == 6, "Death": lambda s: s == 1}
    expected = {"Improved": (17, 38), "Considerable improvement": (4, 28), "Death": (14, 4)}
    for rates in study.scenario("published").rates:
        counts = tuple(
            sum(responds[rates.endpoint](score) for score, a in zip(scores, arms, strict=True) if a == arm)
            for arm in ("Bed rest", "Streptomycin")
        )
        assert counts == expected[rates.endpoint] == tuple(rates.arms[arm.name][0] for arm in study.arms)
    for name, column in mapping.variables.items():
        raw = [row[column.column] for row in rows if row[column.column] not in mapping.missing]
        labels = Counter(column.values.get(entry, entry) for entry in raw)
        assert set(labels) <= set(study.variables[name].categories or ())
        shares = next(row.shares for row in study.cohort.baseline if row.variable == name)
        for label, share in (shares or {}).items():
            assert share == pytest.approx(labels[label] / len(raw), abs=6e-5)


def test_the_data_carry_their_licence():
    notice = library_path("mrc-1948").with_name("NOTICE.txt").read_text(encoding="utf-8")
    assert "medicaldata" in notice
    assert "MIT License" in notice
    assert "10.1136/bmj.2.4582.769" in notice
