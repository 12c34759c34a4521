"""Delta adjustment against its definition; tipping points against the grid; endpoints derived after imputing."""

import numpy as np
import pytest

from pivotal.stats import (
    Reason,
    ScoreGrid,
    ancova_by_visit,
    delta_grid,
    delta_shifts,
    derive_completed,
    fit_logistic,
    fold_imputations,
    impute_chained,
    rubin,
    tipping_point,
    to_grid,
    unfold_imputations,
    wald,
)


def completed(replicates=3, imputations=6, patients=60, seed=1, effect=1.0):
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    base = rng.normal(size=patients)
    y = rng.normal(size=(replicates, 1, patients)) + effect * arm
    missing = rng.random((replicates, patients)) < 0.3
    y = y + np.where(missing[:, None], rng.normal(size=(replicates, imputations, patients)), 0.0)
    return y, missing, arm, np.stack([np.ones(patients), arm, base], axis=1)


def test_the_grid_is_what_adding_the_deltas_gives():
    y, missing, arm, x = completed()
    shifts = np.stack([missing & (arm == 1), missing & (arm == 0)]).astype(float)
    sizes = np.array([[a, b] for a in (-2.0, 0.0, 1.5) for b in (0.0, 3.0)])
    grid = delta_grid(y, shifts, x, [0, 1, 0], sizes)
    for point, (a, b) in enumerate(sizes):
        moved = y + (a * shifts[0] + b * shifts[1])[:, None]
        plain = ancova_by_visit(moved[..., None], x, [[0, 1, 0]]).pooled()
        for name in ("estimate", "se", "df", "p", "ci_low", "fmi"):
            np.testing.assert_allclose(
                getattr(grid, name)[:, point], getattr(plain, name)[:, 0, 0], rtol=1e-9, err_msg=name
            )


def test_at_the_tipping_point_the_interval_reaches_zero():
    y, missing, arm, x = completed()
    direction = -1.0 * (missing & (arm == 1))
    found = tipping_point(y, direction, x, [0, 1, 0], most=50.0)
    assert np.isfinite(found.estimate).all()
    for row, delta in enumerate(found.estimate):
        here = delta_grid(y[[row]], direction[None, [row]], x, [0, 1, 0], [[delta]])
        assert here.ci_low[0, 0] == pytest.approx(0, abs=1e-9)
        before = delta_grid(y[[row]], direction[None, [row]], x, [0, 1, 0], [[0.9 * delta]])
        assert before.ci_low[0, 0] > 0


def test_a_harmful_direction_of_a_negative_effect():
    y, missing, arm, x = completed()
    one = tipping_point(y, -1.0 * (missing & (arm == 1)), x, [0, 1, 0], most=50.0)
    other = tipping_point(-y, 1.0 * (missing & (arm == 1)), x, [0, 1, 0], most=50.0)
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-9)


def test_no_tipping():
    y, missing, arm, x = completed()
    direction = -1.0 * (missing & (arm == 1))
    near = tipping_point(y, direction, x, [0, 1, 0], most=1e-3)
    assert np.isinf(near.estimate).all()
    assert (near.reason == Reason.NOT_TIPPED).all()
    nothing = tipping_point(*[completed(effect=0.0)[0], direction, x, [0, 1, 0]], most=5.0)
    assert (nothing.estimate == 0).all()
    broken = y.copy()
    broken[0, 0, 0] = np.nan
    failed = tipping_point(broken, direction, x, [0, 1, 0], most=50.0)
    assert failed.reason.tolist() == [Reason.IMPUTATION_FAILED, Reason.NONE, Reason.NONE]
    assert np.isnan(failed.estimate[0])
    assert np.isfinite(failed.estimate[1:]).all()
    with pytest.raises(ValueError, match="most"):
        tipping_point(y, direction, x, [0, 1, 0], most=0.0)
    with pytest.raises(ValueError, match="shifts"):
        delta_grid(y, direction, x, [0, 1, 0], [[1.0]])


def test_shifts_by_arm_and_visit():
    missing = np.array([[[False, True, True, True], [True, False, True, True], [False, False, False, True]]])
    deltas = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]])
    arm, event = [0, 1, 1], [1, 2, 3]
    fixed = delta_shifts(missing, deltas, arm)
    assert fixed[0].tolist() == [[0, 2, 3, 4], [10, 0, 30, 40], [0, 0, 0, 40]]
    later = delta_shifts(missing, deltas, arm, event=event)
    assert later[0].tolist() == [[0, 2, 3, 4], [0, 0, 30, 40], [0, 0, 0, 40]]
    added = delta_shifts(missing, deltas, arm, event=event, lag=[1, 1, 1, 1])
    assert added[0].tolist() == [[0, 2, 5, 9], [0, 0, 30, 70], [0, 0, 0, 40]]
    first = delta_shifts(missing, deltas, arm, event=event, lag=[1])
    assert first[0].tolist() == [[0, 2, 2, 2], [0, 0, 30, 30], [0, 0, 0, 40]]
    with pytest.raises(ValueError, match="lag"):
        delta_shifts(missing, deltas, arm, lag=[1])
    with pytest.raises(ValueError, match="deltas"):
        delta_shifts(missing, deltas[:1], arm)


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("nearest", [0, 0, 1, 3.0, 4]),
        ("down", [0, 0, 0.5, 2.5, 4]),
        ("up", [0, 0.5, 1, 3.0, 4]),
        ("none", [0, 0.1, 0.8, 2.75, 4]),
    ],
)
def test_rounding_to_the_instrument(rounding, expected):
    grid = ScoreGrid(lowest=0, highest=4, step=0.5, rounding=rounding)
    assert to_grid([-1.0, 0.1, 0.8, 2.75, 9.0], grid).tolist() == expected


def test_values_on_the_grid_stay():
    grid = ScoreGrid(lowest=0, highest=7.2, step=0.1, rounding="down")
    values = np.arange(73) * 0.1
    np.testing.assert_allclose(to_grid(values, grid), values, atol=1e-12)
    with pytest.raises(ValueError, match="rounding"):
        to_grid(values, ScoreGrid(lowest=0, highest=1, rounding="bankers"))
    with pytest.raises(ValueError, match="step"):
        to_grid(values, ScoreGrid(lowest=0, highest=0))


def test_only_what_was_imputed_is_rounded():
    y = np.array([[[[3.4, 3.4]]]])
    found = derive_completed(y, [[[True, False]]], ScoreGrid(lowest=0, highest=10), lambda scores: scores)
    assert found.tolist() == [[[[3.0, 3.4]]]]
    assert derive_completed(y, [[[True, True]]], None, lambda scores: scores).tolist() == y.tolist()


def test_itch_response_after_imputing_daily_scores():
    """An improvement of 4 points or more by day 7, from daily scores imputed with arm, stratum and baseline."""
    rng = np.random.default_rng(1)
    patients, days = 330, 8
    arm, stratum = np.arange(patients) % 3, rng.integers(0, 2, patients)
    severity = rng.normal(size=(patients, 1))
    slope = np.array([0.35, 0.5, 0.6])[arm][:, None] * np.arange(days)
    scores = np.clip(np.round(7.5 + severity - slope + rng.normal(0, 0.8, (patients, days))), 0, 10)
    y = scores.copy()
    y[rng.random(y.shape) < 0.1] = np.nan
    y[:, 0] = scores[:, 0]
    covariates = np.stack([arm == 1, arm == 2, stratum, scores[:, 0]], axis=1).astype(float)
    found = impute_chained(y[None, :, 1:], ["normal"] * 7, 10, rng, covariates=covariates, iterations=10)
    whole = np.concatenate([np.repeat(y[None, None, :, :1], 10, axis=1), found.y], axis=3)
    missing = np.concatenate([np.zeros((1, patients, 1), dtype=bool), found.missing], axis=2)
    response = derive_completed(
        whole, missing, ScoreGrid(lowest=0, highest=10), lambda score: score[..., 0] - score[..., -1] >= 4
    )
    design = np.concatenate([np.ones((patients, 1)), covariates[:, :3]], axis=1)
    events = fold_imputations(response).astype(float)
    fit = fit_logistic(events, np.ones_like(events), design)
    effect = wald(fit, 2)
    pooled = rubin(unfold_imputations(effect.estimate, 10), unfold_imputations(effect.se, 10) ** 2)
    truth = wald(
        fit_logistic((scores[:, 0] - scores[:, -1] >= 4)[None].astype(float), np.ones((1, patients)), design), 2
    )
    assert abs(pooled.estimate[0] - truth.estimate[0]) < truth.se[0]
    assert truth.se[0] < pooled.se[0] * 1.05
    assert 0 < pooled.fmi[0] < 0.4
