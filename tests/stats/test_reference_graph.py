"""Graphical procedures against graphicalMCP and R's p.adjust (tests/reference/graph.json)."""

import numpy as np
import pytest

from pivotal import stats

from .reference import cases
from .tolerances import PRINTED, SAME

# graphicalMCP's closure prints ten decimals.
CLOSURE = 5e-11


def holm(number):
    return np.full(number, 1 / number), (1 - np.eye(number)) / (number - 1)


def fixed_sequence(number):
    return np.eye(number)[0], np.eye(number, k=1)


def bonferroni(number):
    return np.full(number, 1 / number), np.zeros((number, number))


def check(given, expected, weights, transitions, tolerance):
    result = stats.bonferroni_graph([given["p"]], weights, transitions, given["alpha"])
    assert result.adjusted[0] == pytest.approx(expected["adjusted"], rel=PRINTED, abs=tolerance)
    assert result.rejected[0].tolist() == expected["reject"]


@pytest.mark.parametrize(
    ("given", "expected"),
    cases("graph", "graph_bonferroni_shortcut") + cases("graph", "closure_bonferroni"),
)
def test_graph(given, expected):
    check(given, expected, given["weights"], given["transitions"], CLOSURE)


@pytest.mark.parametrize("ending", ["/holm", "/fixed_sequence", "/bonferroni"])
def test_special_graphs(ending):
    graph = {"/holm": holm, "/fixed_sequence": fixed_sequence, "/bonferroni": bonferroni}[ending]
    for case in cases("graph", ending):
        given, expected = case.values
        check(given, expected, *graph(len(given["p"])), SAME)
