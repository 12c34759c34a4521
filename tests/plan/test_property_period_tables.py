"""Safety tables of a virtual trial's both periods: treatment at onset, study days in place of dates."""

import polars as pl
import pytest

from pivotal import api

STATED = ("Vehicle", "Ruxolitinib 0.75%", "Ruxolitinib 1.5%")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """TRuE-AD3 drawn, written, and analysed from its files: rows, events and periods."""
    from pivotal import records

    study = api.load("true-ad3")
    folder = tmp_path_factory.mktemp("drawn")
    records.write(study, api.draw(study, seed=3), folder / "data")
    events, periods = (pl.read_parquet(folder / "data" / f"{name}.parquet") for name in ("adae", "adper"))
    return api.analyse(study, folder / "data").rows, events, periods


def value(rows, table, arm, statistic, **groups):
    """The one row of these groups, and no others."""
    found = [
        row.value[0]
        for row in rows
        if row.key.analysis == table
        and row.key.arm == arm
        and row.key.comparator is None
        and row.key.statistic == statistic
        and dict(row.key.groups) == groups
    ]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("arm", STATED)
def test_patients_are_counted_on_each_treatment_with_its_own_days(made, arm):
    rows, events, periods = made
    mine = periods.filter(pl.col("TRTA") == arm)
    under = events.filter(pl.col("TRTA") == arm)
    first = under.group_by("USUBJID").agg(pl.col("ASTDY").min())
    assert value(rows, "S-2", arm, "n") == first.height
    assert value(rows, "S-2", arm, "events") == under.height
    assert value(rows, "S-2", arm, "N") == mine["USUBJID"].n_unique()
    # a patient's time ends with the first event under the treatment, at whichever period it was
    reached = mine.join(first, on="USUBJID", how="left").with_columns(
        until=pl.min_horizontal("AENDY", pl.col("ASTDY_right").fill_null(10_000))
    )
    days = reached.select((pl.col("until") - pl.col("ASTDY") + 1).clip(lower_bound=0).sum()).item()
    assert value(rows, "S-2", arm, "patient_years") == pytest.approx(days / 365.25)


@pytest.mark.parametrize("arm", STATED)
def test_topics_count_events_at_their_onset(made, arm):
    rows, events, _ = made
    serious = events.filter((pl.col("TRTA") == arm) & (pl.col("AESER") == "Y"))
    assert value(rows, "S-1", arm, "n", topic="Serious adverse events") == serious["USUBJID"].n_unique()
    infections = serious.filter(pl.col("AEBODSYS") == "Infections and infestations")
    assert value(rows, "S-1", arm, "n", topic="Serious infections", scope="narrow") == infections["USUBJID"].n_unique()


def test_a_patient_who_crosses_over_is_at_risk_on_both(made):
    rows, _, periods = made
    total = sum(value(rows, "S-2", arm, "N") for arm in STATED)
    assert total > periods["USUBJID"].n_unique()
