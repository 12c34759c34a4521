"""TRuE-AD3's published week-8 responders, analysed as one stratum: odds ratios and limits as published in the plan."""

import numpy as np
import pytest

from pivotal.stats.exact_logistic import exact_logistic

EVENTS = [[[7], [49], [74]]]
TOTALS = [[[65], [134], [131]]]


@pytest.mark.parametrize(
    ("arm", "published"), [(0, (4.74, 1.954, 13.293)), (1, (10.63, 4.404, 29.725))], ids=["0.75%", "1.5%"]
)
def test_true_ad3_unstratified(arm, published):
    ratio = exact_logistic(EVENTS, TOTALS, pairwise=True).odds_ratio
    assert ratio.estimate[0, arm] == pytest.approx(published[0], abs=0.005)
    assert ratio.ci_low[0, arm] == pytest.approx(published[1], abs=0.0006)
    assert ratio.ci_high[0, arm] == pytest.approx(published[2], abs=0.0006)


def test_one_stratum_given_the_other_arm_is_close_to_pairwise():
    joint = exact_logistic(EVENTS, TOTALS).log_odds_ratio
    pairwise = exact_logistic(EVENTS, TOTALS, pairwise=True).log_odds_ratio
    np.testing.assert_allclose(joint.estimate, pairwise.estimate, rtol=1e-10)  # one stratum: the other arm says nothing
