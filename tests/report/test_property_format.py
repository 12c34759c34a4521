"""How numbers look."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.report.format import capital, fixed, limits, listed, on_scale, p_text, p_value, percent, plain, with_limits
from pivotal.report.plots import spread
from pivotal.report.rows import Found
from pivotal.report.svg import fitted, width_of, wrap
from pivotal.report.wording import method_name

TOUCHING = 1e-9
"""Rounding of sums when labels are moved apart."""


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.00005, "<0.0001"), (0.0001, "0.0001"), (0.04236, "0.0424"), (1.0, "1.0000"), (0.99999, ">0.9999")],
)
def test_p_value(p: float, shown: str) -> None:
    assert p_value(p) == shown


def test_p_in_a_sentence() -> None:
    assert p_text(0.00001) == "p\u00a0<\u00a00.0001"
    assert p_text(0.0123) == "p\u00a0=\u00a00.0123"


def test_minus_and_no_negative_zero() -> None:
    assert fixed(-1.25, 1) == "−1.3"
    assert fixed(-0.0001, 2) == "0.00"
    assert fixed(12345.6, 1) == "12,345.6"
    assert percent(0.3657) == "36.6%"
    assert plain(0.025) == "0.025"
    assert plain(330.0) == "330"


def test_scales() -> None:
    assert on_scale("odds ratio")(4.738) == "4.74"
    assert on_scale("odds ratio")(147.44) == "147.4"
    assert on_scale("risk difference")(0.258) == "25.8"
    assert on_scale("mean difference")(-3.456) == "−3.46"


def test_limits() -> None:
    show = on_scale("odds ratio")
    assert limits(Found(1.951), Found(13.315), show) == "1.95 to 13.32"
    assert limits(Found(1.951), Found(None, "unbounded"), show) == "1.95 to no upper limit"
    assert with_limits(Found(4.74), Found(), Found(), show) == "4.74"
    assert with_limits(Found(), Found(), Found(), show) == ""


def test_words() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
    assert capital("no count") == "No count"
    assert capital("x: a symbol") == "x: a symbol"
    assert method_name("logistic wald") == "logistic regression (Wald)"
    assert method_name("exact conditional logistic, joint") == "exact conditional logistic regression, joint"
    assert method_name("risk difference miettinen-nurminen") == "risk difference Miettinen-Nurminen"


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(0.5, 20))
def test_labels_keep_their_order_and_distance(values: list[float], least: float) -> None:
    placed = spread(values, least)
    order = sorted(range(len(values)), key=lambda i: values[i])
    gaps = [placed[b] - placed[a] for a, b in pairwise(order)]
    assert all(gap >= least - TOUCHING for gap in gaps)
    assert math.isclose(sum(placed), sum(values), abs_tol=1e-6)


@given(st.text("abcdefghij WMil", max_size=60), st.floats(40, 300))
def test_wrapped_lines_fit(text: str, width: float) -> None:
    lines = wrap(text, width, 12)
    assert " ".join(lines).split() == text.split()
    assert all(width_of(line, 12) <= width or " " not in line for line in lines)
    assert width_of(fitted(text, width, 12), 12) <= width
