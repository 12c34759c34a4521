"""From the published counts the estimators give back every posted interval, to the printed digit."""

from __future__ import annotations

import pytest

from pivotal.plan import recompute
from pivotal.study import load

STUDIES = ("true-ad1", "true-ad2", "true-ad3")


def posted_rates(name):
    return [p for p in load(name).posted if p.statistic == "rate" and p.x is not None and p.low is not None]


@pytest.mark.parametrize("name", STUDIES)
def test_every_posted_interval_of_a_proportion_to_the_printed_digit(name):
    found = recompute(load(name))
    posted = posted_rates(name)
    assert posted
    for one in posted:
        keys = {"endpoint": one.endpoint, "visit": one.visit, "arm": one.arm, "method": "clopper-pearson"}
        digits = one.limit_digits if one.limit_digits is not None else one.digits
        for statistic, printed in (("ci_low", one.low), ("ci_high", one.high)):
            got = 100 * found.one(**keys, statistic=statistic).value[0]
            assert round(got, digits) == pytest.approx(printed, abs=1e-9), (one.endpoint, one.visit, one.arm)
        got = 100 * found.one(**keys, statistic="estimate").value[0]
        assert round(got, one.digits) == pytest.approx(one.value, abs=1e-9)


def test_there_are_as_many_posted_intervals_as_the_registry_has():
    """IGA-TS and EASI75 at three visits, NRS4 at three, three arms each, in TRuE-AD3; week 8 alone in the others."""
    assert [len(posted_rates(name)) for name in STUDIES][2] == 27
    assert all(len(posted_rates(name)) >= 6 for name in STUDIES[:2])


@pytest.mark.parametrize(
    ("arm", "printed"), [("Ruxolitinib 0.75%", (4.74, 1.954, 13.293)), ("Ruxolitinib 1.5%", (10.63, 4.404, 29.725))]
)
def test_the_unstratified_exact_odds_ratios_of_true_ad3(arm, printed):
    rows = {r.key.statistic: r.value[0] for r in recompute(load("true-ad3")).find(arm=arm, scale="odds ratio",
            endpoint="IGA-TS", analysis="published")}  # fmt: skip
    assert round(rows["estimate"], 2) == printed[0]
    assert round(rows["ci_low"], 3) == printed[1]
    assert round(rows["ci_high"], 3) == printed[2]
