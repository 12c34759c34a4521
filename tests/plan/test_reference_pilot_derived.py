"""The pilot's tables from SDTM alone, all data sets derived, held against those from the published ADaM, row by row.

Those from the published ADaM meet the report's printed numbers (`test_reference_pilot_tables.py` and the tests of
`tests/report`); what does not differ here therefore meets them too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pilot
from pivotal.api import analyse

pytestmark = pytest.mark.slow

TOLERANCE = 1e-9
"""Relative difference of numbers that are the same but for the order of their arithmetic."""
BMI = "14-2.01/bmiblgr1/intent-to-treat"
DIFFER = {
    f"{BMI}/xanomeline-low-dose/11/n": (83, 84),
    f"{BMI}/xanomeline-low-dose/11/<25/n": (46, 47),
    f"{BMI}/xanomeline-low-dose/11/<25/rate": (46 / 84, 47 / 84),
    f"{BMI}/total/11/n": (253, 254),
    f"{BMI}/total/11/<25/n": (149, 150),
    f"{BMI}/total/11/<25/rate": (149 / 254, 150 / 254),
    f"{BMI}/11/pearson's-chi-square/statistic": (5.689829473859, 5.581925591942),
    f"{BMI}/11/pearson's-chi-square/p": (0.223540357833, 0.232621461977),
}
"""Rows that differ, from derived and from published data: one patient without a BMI, whom SAS has classed as <25."""


def rows(place: Path, *folders: Path) -> dict[tuple[tuple[str, str], ...], dict[str, Any]]:
    """The rows of an analysis of some folders' data, by all that they are about."""
    place.mkdir()
    for file in (file for folder in folders for file in folder.iterdir()):
        (place / file.name).symlink_to(file)
    found = analyse("cdisc-pilot-01", place).records()
    keyed = {tuple((n, str(v)) for n, v in row.items() if n not in ("id", "value", "reason")): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))


def test_tables_from_sdtm_are_those_from_published_adam_but_for_the_patient_without_a_bmi(tmp_path: Path) -> None:
    derived = rows(tmp_path / "sdtm", pilot.sdtm(), pilot.folder() / "sdtm_csv")
    published = rows(tmp_path / "adam", pilot.adam(), pilot.adam_csv())
    assert derived.keys() == published.keys()
    assert len(derived) > 20_000
    different = {
        row["id"]: (row["value"], published[about]["value"])
        for about, row in derived.items()
        if not same(row["value"], published[about]["value"])
    }
    assert different.keys() == DIFFER.keys()
    for name, values in different.items():
        assert values == pytest.approx(DIFFER[name], rel=1e-9)
    assert [row["reason"] for row in derived.values()] == [published[about]["reason"] for about in derived]
