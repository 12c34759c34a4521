"""Tables of a study file are made of whatever data sets lie beside a real trial's ADSL and ADEFF."""

import polars as pl

from pivotal import api, records
from pivotal.study import load


def folder_of(tmp_path):
    """A drawn trial as a user may hold it: its adverse events are another program's."""
    study = load("true-ad3")
    records.write(study, api.draw(study, seed=3), tmp_path / "given")
    path = tmp_path / "given" / "adae.parquet"
    frame = pl.read_parquet(path).with_columns(
        AEDECOD=pl.lit("Stroke of luck"), AEBODSYS=pl.lit("Surprises"), REPORTER=pl.lit("nurse")
    )
    frame.write_parquet(path)
    (tmp_path / "given" / "adae.csv").unlink()
    return study, tmp_path / "given"


def test_run_and_analyse_give_the_same_rows(tmp_path):
    study, place = folder_of(tmp_path)
    table = study.tables[1].model_copy(update={"where": "REPORTER = 'nurse'"})
    study = study.model_copy(update={"tables": (table,), "cohort": None})
    made = api.run(study, data=place, out=tmp_path / "out", replicates=10)
    again = api.analyse(study, place)
    assert made.results.records() == again.records()
    classes = {dict(r.key.groups).get("system organ class") for r in again.rows if r.key.analysis == table.id}
    assert classes == {None, "Surprises"}


def test_a_table_without_its_data_set_is_told_of_own_data_too(tmp_path):
    study, place = folder_of(tmp_path)
    for path in place.glob("ad*.*"):
        if path.name.split(".")[0] in ("adae", "adper", "addose", "adlt"):
            path.unlink()
    assert set(api.analyse_data(study, place).not_made) == {"S-1", "S-2"}
