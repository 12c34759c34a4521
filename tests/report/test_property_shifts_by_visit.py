"""Tables 14-6.02 to 14-6.04 of the CDISC pilot, which have no printed counterpart: counted once more by other means."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from labs_made import ARMS, data, made, rows, tables

from pivotal.report.document import Table
from pivotal.stats import fisher_exact_table

TREATED = pl.col("SAFFL") == "Y"


def laboratory() -> pl.DataFrame:
    """Both laboratory data sets at the planned visits up to week 24, with the arm of ADSL."""
    adsl = data()["ADSL"].frame.filter(TREATED).select("USUBJID", "TRT01P")
    wanted = ["USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL", "A1LO", "A1HI", "ANRIND", "BNRIND"]
    parts = [data()[name].frame.select(wanted) for name in ("ADLBC", "ADLBH")]
    frame = pl.concat(parts, how="vertical_relaxed").filter(pl.col("AVISITN") > 0, pl.col("AVISITN") <= 24)
    return frame.join(adsl, on="USUBJID", how="inner").with_columns(
        pl.col("AVISIT", "ANRIND", "BNRIND").str.strip_chars()
    )


def test_shifts_by_visit_are_those_of_the_rows() -> None:
    """Each patient has one row a visit here, so that rows are patients."""
    words = {"L": "Low", "N": "Normal", "H": "High"}
    names = tables()["14-6.04"].panels[0].parameters  # type: ignore[attr-defined]
    counted = Counter(
        (names[row["PARAMCD"]], row["AVISIT"], row["TRT01P"], words[row["BNRIND"]], words[row["ANRIND"]])
        for row in laboratory().iter_rows(named=True)
        if row["PARAMCD"] in names and row["BNRIND"] in words and row["ANRIND"] in words
    )
    found = {
        (r.key.parameter, r.key.visit, r.key.arm, *dict(r.key.groups).values()): r.value[0]
        for r in rows("14-6.04")
        if r.key.statistic == "n" and len(r.key.groups) == 2
    }
    assert len(found) == len(names) * 8 * 3 * 9
    assert sum(found.values()) == sum(counted.values()) == 18_020
    assert {key: n for key, n in found.items() if n} == dict(counted)


def test_the_table_says_that_nothing_is_printed_to_compare_with() -> None:
    block = made("14-6.04")
    assert isinstance(block, Table)
    assert any("Unanchored" in str(note) for note in block.notes)


@pytest.mark.parametrize("number", ["14-6.02", "14-6.03"])
def test_one_p_value_a_criterion_over_the_three_arms(number: str) -> None:
    table = tables()[number]
    frame = laboratory()
    found = rows(number)
    tested = 0
    for panel in table.panels:  # type: ignore[attr-defined]
        for code, words in list(panel.parameters.items())[:6]:
            for criterion, condition in table.criteria.items():  # type: ignore[attr-defined]
                mine = frame.filter(pl.col("PARAMCD") == code).with_columns(pl.sql_expr(condition).alias("met"))
                seen = mine.group_by("USUBJID", "TRT01P").agg(pl.col("met").max()).drop_nulls("met")
                of_arm = [seen.filter(pl.col("TRT01P") == arm)["met"] for arm in ARMS]
                counts = [[met.sum(), met.len() - met.sum()] for met in of_arm]
                p = fisher_exact_table([counts]).p
                assert p is not None
                (row,) = [r for r in found if r.key.statistic == "p" and r.key.parameter == words
                          and dict(r.key.groups) == {"criterion": criterion}]  # fmt: skip
                assert row.key.arm is None
                assert row.value[0] == p[0]
                tested += 1
    assert tested >= 12
