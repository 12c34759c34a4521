"""Trials with published results, each from a study file as a user writes it: data, plan, results, as printed.

Sources are named in each test. Counts of `PUBLISHED.json` were computed from the files that come with the published
articles' data sets.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pivotal as pv
from pivotal import api, stats
from pivotal.trials import Results

STUDIES = Path(__file__).parent / "data" / "studies"
SHARED = Path(__file__).parents[2] / "shared" / "data" / "rct"
PLACES = (SHARED, Path(__file__).parents[3] / "shared" / "data" / "rct")


def study(name: str) -> str:
    """A study file of these tests."""
    return str(STUDIES / f"{name}.toml")


def not_shipped(name: str) -> Path:
    """A file whose licence forbids copying it here; without it the test is skipped."""
    for folder in PLACES:
        if (folder / name).is_file():
            return folder / name
    pytest.skip(f"{name} is under the GPL, so it is not shipped; the test reads it from {SHARED}, which is absent")


@cache
def results(name: str, file: Path | None = None) -> Results:
    return pv.analyse(study(name), file)


def value(found: Results, **wanted) -> float:
    return float(found.one(**wanted).value[0])


def printed(number: float, as_printed: str) -> bool:
    """Whether a number rounds to one that was printed, up to half a unit of its last digit."""
    unit = Decimal(1).scaleb(Decimal(as_printed).as_tuple().exponent)
    return abs(Decimal(number) - Decimal(as_printed)) <= unit / 2 + unit / 1000


def check(found: Results, row: dict[str, str], sign: int = 1, **keys) -> None:
    """Each statistic of a row against what was printed."""
    for statistic, text in row.items():
        number = value(found, statistic=statistic, **keys)
        number = -number if sign < 0 and statistic in ("estimate", "ci_low", "ci_high") else number
        assert printed(number, text), (keys, statistic, number, text)


# ---------------------------------------------------------------- FEV1: SAS PROC MIXED

# openpharma/mmrm, design/SAS/sas_log_reml.txt: unstructured, REML, Satterthwaite; differences TRT - PBO.
FEV = {
    "VIS1": {"estimate": "3.7745", "se": "1.0741", "df": "146", "statistic": "3.51", "p": "0.0006",
             "ci_low": "1.6517", "ci_high": "5.8974", "ls_mean": "37.1063", "ls_mean_comparator": "33.3318"},
    "VIS2": {"estimate": "3.7322", "se": "0.8588", "df": "145", "statistic": "4.35", "ci_low": "2.0348",
             "ci_high": "5.4296", "ls_mean": "41.9037", "ls_mean_comparator": "38.1715"},
    "VIS3": {"estimate": "3.0806", "se": "0.6896", "df": "131", "statistic": "4.47", "ci_low": "1.7164",
             "ci_high": "4.4448", "ls_mean": "46.7546", "ls_mean_comparator": "43.6740"},
    "VIS4": {"estimate": "4.3985", "se": "1.6805", "df": "133", "statistic": "2.62", "p": "0.0099",
             "ci_low": "1.0746", "ci_high": "7.7225", "ls_mean": "52.7841", "ls_mean_comparator": "48.3855"},
}  # fmt: skip
# SAS stops up to 6e-6 above the minimum of -2 log likelihood, up to sqrt(6e-6) of a standard error away.
EARLY = 2.5e-3


@pytest.mark.parametrize("visit", FEV)
def test_fev_as_sas_printed_it(visit):
    keys = {"endpoint": "FEV1", "visit": visit, "analysis": "FEV1 mmrm"}
    se = value(results("fev"), statistic="se", **keys)
    for statistic, text in FEV[visit].items():
        number, digit = value(results("fev"), statistic=statistic, **keys), 10.0 ** Decimal(text).as_tuple().exponent
        early = EARLY * se if digit < 1e-3 and statistic != "p" else 0.0
        assert abs(number - float(text)) <= 0.51 * digit + early, (visit, statistic, number, text)


def test_fev_likelihood():
    """-2 residual log likelihood of SAS, 3386.4499."""
    row = results("fev").find(endpoint="FEV1", visit="VIS4", statistic="minus_2_log_likelihood")[0]
    assert printed(float(row.value[0]), "3386.4499")


# ---------------------------------------------------------------- HAMD-17: rbmi

# rbmi, vignette CondMean_Inference: conditional means, jump to reference, jackknife. Its first arm is the drug, so that
# its differences are placebo - drug.
JACKKNIFE = {
    "Visit 4": {"estimate": "-0.092", "se": "0.695", "ci_low": "1.27", "ci_high": "-1.453", "p": "0.895"},
    "Visit 5": {"estimate": "1.305", "se": "0.878", "ci_low": "3.027", "ci_high": "-0.416", "p": "0.137"},
    "Visit 6": {"estimate": "1.929", "se": "0.862", "ci_low": "3.619", "ci_high": "0.239", "p": "0.025"},
    "Visit 7": {"estimate": "2.126", "se": "0.858", "ci_low": "3.807", "ci_high": "0.444", "p": "0.013"},
}
ANCHORED = {
    "Visit 4": {"estimate": "-0.092", "se": "0.695", "ci_low": "1.27", "ci_high": "-1.453", "p": "0.895"},
    "Visit 5": {"estimate": "1.305", "se": "0.944", "ci_low": "3.156", "ci_high": "-0.545", "p": "0.167"},
    "Visit 6": {"estimate": "1.929", "se": "0.993", "ci_low": "3.876", "ci_high": "-0.018", "p": "0.052"},
    "Visit 7": {"estimate": "2.126", "se": "1.123", "ci_low": "4.327", "ci_high": "-0.076", "p": "0.058"},
}


@pytest.mark.parametrize("visit", JACKKNIFE)
def test_antidepressant_as_rbmi_printed_it(visit):
    check(results("antidepressant"), JACKKNIFE[visit], -1, visit=visit, analysis="Change in HAMD-17 ancova")


@cache
def changed(**how) -> Results:
    """The study with its imputation done otherwise."""
    given = pv.load(study("antidepressant"))
    endpoint = given.endpoints[0]
    other = endpoint.model_copy(update={"imputation": endpoint.imputation.model_copy(update=how)})
    return pv.analyse(given.model_copy(update={"endpoints": (other,)}), api.read_data(study("antidepressant")))


@pytest.mark.parametrize("visit", ANCHORED)
def test_antidepressant_anchored(visit):
    found = changed(inference="anchored jackknife")
    check(found, ANCHORED[visit], -1, visit=visit, analysis="Change in HAMD-17 ancova")


@pytest.mark.parametrize("draws", ["bayes", "bootstrap"])
def test_antidepressant_multiple_imputation(draws):
    """rbmi, vignette quickstart, 150 Bayesian imputations: 2.169 (1.120), whose Monte-Carlo error is about 0.05."""
    found = changed(inference="rubin", draws=draws, imputations=150)
    keys = {"visit": "Visit 7", "analysis": "Change in HAMD-17 ancova"}
    error = np.hypot(value(found, statistic="mcse", **keys), 0.05)
    assert abs(-value(found, statistic="estimate", **keys) - 2.169) < 3 * error
    assert value(found, statistic="se", **keys) == pytest.approx(1.120, abs=0.08)


def test_antidepressant_visits_without_missing_values_are_ancova():
    """rbmi, visit 4, where nothing is missing and Rubin's rules change nothing: -0.092 (0.683), p 0.893."""
    row = {"estimate": "-0.092", "se": "0.683", "ci_low": "1.256", "ci_high": "-1.439", "p": "0.893"}
    check(changed(inference="rubin", imputations=5), row, -1, visit="Visit 4", analysis="Change in HAMD-17 ancova")


def test_antidepressant_missing_at_each_visit():
    """As rbmi prints it: 0, 8, 13 and 25 % missing at visits 4 to 7."""
    trials = api.read_data(study("antidepressant"))
    shares = [round(100 * np.isnan(trials.value("HAMD17", f"Visit {v}")).mean()) for v in (4, 5, 6, 7)]
    assert shares == [0, 8, 13, 25]


# ---------------------------------------------------------------- data that are not shipped


def published(name: str) -> dict:
    return json.loads(not_shipped("PUBLISHED.json").read_text())[f"{name}.csv"]["computed_here"]


def counts(found: Results, endpoint: str, arm: str, statistic: str, visits: list[str]) -> list[int]:
    keys = {"analysis": "response", "endpoint": endpoint, "arm": arm, "statistic": statistic}
    return [int(value(found, visit=v, **keys)) for v in visits]


def test_toenail():
    """De Backer et al. 1998: moderate or severe separation at each visit."""
    found = results("toenail", not_shipped("toenail.csv"))
    visits = ["Baseline", *(f"Week {w}" for w in (4, 8, 12, 24, 36, 48))]
    for arm, text in published("toenail")["moderate_or_severe/visit n"].items():
        x, n = (counts(found, "Severe", arm.capitalize(), s, visits) for s in ("n", "N"))
        assert [f"{a}/{b}" for a, b in zip(x, n, strict=True)] == text.split(",")


def test_respiratory():
    """Koch et al. 1989: patients with a good outcome at visits 1 to 4."""
    found = results("respiratory", not_shipped("respiratory.csv"))
    visits = [f"Visit {v}" for v in (1, 2, 3, 4)]
    for code, arm in (("A(n=54)", "Active"), ("P(n=57)", "Placebo")):
        assert counts(found, "Good", arm, "n", visits) == published("respiratory")["good outcome visits1-4"][code]
        assert counts(found, "Good", arm, "N", visits) == [int(code[4:6])] * 4


def test_skin():
    """Stanish, Gillings and Koch 1978: categories at visits 1 to 3, and 3, 16 and 30 missing of 172."""
    file = not_shipped("skin.csv")
    found, trials = results("skin", file), api.read_data(study("skin"), file)
    for visit in (1, 2, 3):
        given = published("skin")[f"visit{visit} categories 1-5" if visit == 1 else f"visit{visit}"]
        for code, arm in (("placebo", "Placebo"), ("test", "Test drug")):
            keys = {"analysis": "response", "visit": f"Visit {visit}", "arm": arm, "statistic": "n"}
            assert [int(value(found, groups=(("category", str(c)),), **keys)) for c in range(1, 6)] == given[code]
    missing = [int((trials.value("IMPROVE", f"Visit {v}") < 0).sum()) for v in (1, 2, 3)]
    assert missing == [3, 16, 30]
    assert [int((trials.arm == arm).sum()) for arm in (1, 0)] == [88, 84]


def gee_of(name: str, formula: str, frame, group: str):
    from statsmodels.genmod import cov_struct, families
    from statsmodels.genmod.generalized_estimating_equations import GEE

    model = GEE.from_formula(formula, group, frame, cov_struct=cov_struct.Exchangeable(), family=families.Binomial())
    return model.fit(maxiter=200, ctol=1e-10)


def test_toenail_gee_against_statsmodels():
    import pandas as pd

    frame = pd.read_csv(not_shipped("toenail.csv")).query("visit > 1")
    frame["y"], frame["arm"] = (frame.outcome == "moderate or severe") * 1, (frame.treatment == "terbinafine") * 1
    other = gee_of("toenail", "y ~ C(visit) + C(visit):arm - 1", frame, "patientID")
    found = results("toenail", not_shipped("toenail.csv"))
    for visit, name in ((4, "Week 12"), (7, "Week 48")):
        keys = {"analysis": "Severe gee", "visit": name}
        assert np.log(value(found, statistic="estimate", **keys)) == pytest.approx(
            other.params[f"C(visit)[{visit}]:arm"], abs=1e-6
        )
        assert value(found, statistic="se", **keys) == pytest.approx(other.bse[f"C(visit)[{visit}]:arm"], rel=1e-5)


def test_respiratory_gee_against_statsmodels():
    import pandas as pd

    frame = pd.read_csv(not_shipped("respiratory.csv"))
    frame["arm"], frame["who"] = (frame.treat == "A") * 1, frame.center * 1000 + frame.id
    formula = "outcome ~ C(visit) + arm + C(center) + C(sex) + age + baseline"
    other = gee_of("respiratory", formula, frame, "who")
    found = results("respiratory", not_shipped("respiratory.csv"))
    keys = {"analysis": "Good gee", "visit": "Visit 4"}
    assert np.log(value(found, statistic="estimate", **keys)) == pytest.approx(other.params["arm"], abs=1e-6)
    assert value(found, statistic="se", **keys) == pytest.approx(other.bse["arm"], rel=1e-5)


# Times and events as recorded: the study file gives what the estimators give on the file's columns.
VETERAN = """
[study]
id = "VETERAN"
patients = "real"
[[arms]]
name = "Standard"
control = true
[[arms]]
name = "Test"
[[parameters]]
name = "DAYS"
label = "Survival"
[[parameters]]
name = "DIED"
label = "Died"
range = [0, 1]
integer = true
[[visits]]
name = "Baseline"
day = 1
baseline = true
[[visits]]
name = "End"
day = 1000
[[endpoints]]
name = "Survival"
derive = { parameter = "DAYS", event = "DIED" }
analysis = { method = "cox" }
[[endpoints.supplementary]]
name = "test"
method = "log-rank"
[data]
arm = { column = "trt", values = { 1 = "Standard", 2 = "Test" } }
parameters = [
  { parameter = "DAYS", visit = "End", column = "time" },
  { parameter = "DIED", visit = "End", column = "status" },
]
"""


def test_veteran_time_and_event_columns(tmp_path):
    file = tmp_path / "veteran.toml"
    file.write_text(VETERAN, encoding="utf-8")
    found = pv.analyse(str(file), not_shipped("veteran.csv"))
    keys = {"analysis": "Survival cox"}
    raw = np.genfromtxt(not_shipped("veteran.csv"), delimiter=",", names=True, dtype=None, encoding="utf-8")
    time, event = raw["time"].astype(float)[None], raw["status"][None] == 1
    fit = stats.fit_cox(time, event, (raw["trt"] == 2)[:, None].astype(float))
    direct = stats.cox_wald(fit)
    assert np.log(value(found, statistic="estimate", **keys)) == pytest.approx(direct.estimate[0], rel=1e-9)
    assert value(found, statistic="se", **keys) == pytest.approx(direct.se[0], rel=1e-9)
    for code, arm in ((1, "Standard"), (2, "Test")):
        own = raw["trt"] == code
        one = {"analysis": "response", "arm": arm}
        assert value(found, statistic="n", **one) == event[0, own].sum()
        curve = np.sort(time[0, own & event[0]])
        assert curve[0] <= value(found, statistic="median", **one) <= curve[-1]
