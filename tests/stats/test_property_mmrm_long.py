"""Long data to the arrays of a mixed model: any order of rows gives the arrays, and what is wrong is named."""

import numpy as np
import polars as pl
import pytest

from pivotal.stats import fit_mmrm, long_data, mmrm_contrasts, visit_design

PATIENTS, VISITS = 40, 3


def rows(seed=1):
    draw = np.random.default_rng(seed)
    patient, visit = np.divmod(np.arange(PATIENTS * VISITS), VISITS)
    arm, base = np.array(["a", "b", "placebo"])[np.arange(PATIENTS) % 3], draw.normal(10, 2, PATIENTS)
    change = draw.normal(size=(PATIENTS, 1)) + draw.normal(size=(PATIENTS, VISITS))
    change[draw.random(change.shape) < 0.1] = np.nan
    frame = pl.DataFrame(
        {
            "subject": [f"S{number:02d}" for number in patient],
            "week": 4 * visit + 4,
            "arm": arm[patient],
            "base": base[patient],
            "change": change.ravel(),
        }
    )
    x = np.column_stack([np.ones(PATIENTS), arm == "a", arm == "b", base]).astype(np.float64)
    return frame, change[None], x


def taken(frame):
    covariates = {name: frame[name] for name in ("arm", "base")}
    return long_data(frame["subject"], frame["week"], frame["change"], covariates, reference={"arm": "placebo"})


def test_frame_in_any_order_gives_the_arrays():
    frame, y, x = rows()
    shuffled = frame.filter(pl.col("change").is_not_nan()).sample(fraction=1.0, shuffle=True, seed=3)
    for data in (taken(frame), taken(shuffled), taken(frame.with_columns(pl.col("change").fill_nan(None)))):
        np.testing.assert_array_equal(data.y, y)
        np.testing.assert_array_equal(data.x, x)
        assert data.names == (("intercept", ""), ("arm", "a"), ("arm", "b"), ("base", ""))
        assert data.visits.tolist() == [4, 8, 12]


def test_rows_of_contrasts():
    frame, y, x = rows()
    data = taken(frame)
    by_visit = fit_mmrm(y, visit_design(x, VISITS))
    found = mmrm_contrasts(fit_mmrm(data.y, data.design()), data.row("arm", "b", 12))
    assert found.estimate[0, 0] == by_visit.coefficients[0, 8]
    common = fit_mmrm(data.y, data.design(["base"]))
    assert common.coefficients.shape == (1, 10)
    for variable, level, week, place in (("arm", "b", 12, 8), ("base", "", 4, 9)):
        assert (
            mmrm_contrasts(common, data.row(variable, level, week, ["base"])).estimate == common.coefficients[:, place]
        )


def test_numbers_may_be_missing_or_factors():
    data = long_data([1, 1, 2, 2], [1, 2, 1, 2], [1, 2, 3, 4], {"base": [np.nan, np.nan, 1, 1]})
    assert np.isnan(data.x[0, 1])
    site = long_data([1, 2, 3], [1, 1, 1], [1, 2, 3], {"site": [7, 8, 9]}, reference={"site": 8})
    assert site.x.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"visit": [1, 2, 1]}, "visit has the shape"),
        ({"visit": [1, 1, 1, 2]}, "patient 1 has two rows for visit 1"),
        ({"arm": ["a", "b", "b", "b"]}, "arm of patient 1 is b in row 1 and a"),
        ({"arm": ["a", None, "b", "b"]}, "arm has missing entries"),
        ({"reference": {"arm": "c"}}, "levels a, b"),
    ],
)
def test_what_is_wrong_is_named(change, said):
    given = {"patient": [1, 1, 2, 2], "visit": [1, 2, 1, 2], "arm": ["a", "a", "b", "b"], "reference": None} | change
    with pytest.raises(ValueError, match=said):
        long_data(
            given["patient"],
            given["visit"],
            [1, 2, 3, 4],
            {"arm": np.array(given["arm"])},
            reference=given["reference"],
        )
