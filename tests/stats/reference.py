"""Read the reference cases."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "reference"


def cases(area, ending):
    """Cases of `area`.json whose id ends so, as pytest parameters (input, result)."""
    found = [case for case in json.loads((FOLDER / f"{area}.json").read_text())["cases"] if case["id"].endswith(ending)]
    assert found, f"no case of {area} ends with {ending}"
    return [pytest.param(case["input"], case["result"], id=case["id"]) for case in found]


def rows(name):
    """Rows of a CSV file."""
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file))


def strata(name):
    """Counts x1, n1, x0, n0 of a CSV file of strata, each (1, stratum)."""
    table = {(row["stratum"], row["trt"]): (int(row["x"]), int(row["n"])) for row in rows(name)}
    names = list(dict.fromkeys(stratum for stratum, _ in table))
    columns = [[table[stratum, arm][what] for stratum in names] for arm in "10" for what in (0, 1)]
    return [np.array([column]) for column in columns]


def number(value):
    """A result as a float: null is NaN, "Inf" infinite."""
    return np.nan if value is None else float(value)
