"""A made-up trial with one patient who has everything, and two who have little."""

from __future__ import annotations

from datetime import date

import polars as pl

from pivotal.records.dataset import Dataset, dataset

FULL, DEAD, BARE = "S-001", "S-002", "S-010"


def adsl() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "USUBJID": [FULL, DEAD, BARE],
            "SUBJID": ["001", "002", "010"],
            "AGE": [63, 76, None],
            "SEX": ["F", "M", None],
            "RACE": ["BLACK OR AFRICAN AMERICAN", "WHITE", None],
            "TRT01P": ["Streptomycin", "Bed rest", "Bed rest"],
            "TRT01A": ["Streptomycin", "Bed rest", None],
            "TRTSDT": [date(2014, 1, 2), date(2014, 3, 1), None],
            "TRTEDT": [date(2014, 2, 10), date(2014, 4, 1), None],
            "TRTDURD": [40, 32, None],
            "EOSSTT": ["DISCONTINUED", "DISCONTINUED", None],
            "DCSREAS": ["ADVERSE EVENT", "DEATH", None],
            "EOSDT": [date(2014, 2, 12), date(2014, 4, 2), None],
            "DTHDT": [None, date(2014, 4, 2), None],
            "SAFFL": ["Y", "Y", "N"],
        }
    )


def adae() -> pl.DataFrame:
    """Closed, going on, of unknown end, of unknown start, before treatment, fatal."""
    rows = [
        (FULL, "RASH", "RASH ON ARMS", date(2014, 1, 5), date(2014, 1, 9), "MILD", "N", "RECOVERED/RESOLVED", "Y"),
        (FULL, "HEADACHE", "HEADACHE", date(2014, 1, 7), None, "MODERATE", "N", "NOT RECOVERED/NOT RESOLVED", "Y"),
        (FULL, "SYNCOPE", "SYNCOPE", date(2014, 1, 20), None, "SEVERE", "Y", None, "Y"),
        (FULL, "COUGH", "COUGH", None, date(2014, 1, 15), None, "N", "RECOVERED/RESOLVED", "Y"),
        (FULL, "RASH", "RASH", date(2014, 1, 8), date(2014, 1, 12), "SEVERE", "N", "RECOVERED/RESOLVED", "Y"),
        (FULL, "ECZEMA", "ECZEMA", date(2013, 11, 1), date(2014, 1, 1), "MILD", "N", "RECOVERED/RESOLVED", "N"),
        (DEAD, "SUDDEN DEATH", "SUDDEN DEATH", date(2014, 4, 2), date(2014, 4, 2), "SEVERE", "Y", "FATAL", "Y"),
    ]
    names = ["USUBJID", "AEDECOD", "AETERM", "ASTDT", "AENDT", "AESEV", "AESER", "AEOUT", "TRTEMFL"]
    types = [pl.Date if name in ("ASTDT", "AENDT") else pl.String for name in names]
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def adlb() -> pl.DataFrame:
    """ALT twice above its range after baseline, and a repeated row of one value; sodium within it."""
    rows = [
        (FULL, "ALT", "ALT (U/L)", -7, 30.0, 30.0, 6.0, 34.0, "Y"),
        (FULL, "ALT", "ALT (U/L)", 15, 50.0, 30.0, 6.0, 34.0, None),
        (FULL, "ALT", "ALT (U/L)", 15, 50.0, 30.0, 6.0, 34.0, None),
        (FULL, "ALT", "ALT (U/L)", 29, 90.0, 30.0, 6.0, 34.0, None),
        (FULL, "NA", "Sodium (mmol/L)", 15, 140.0, 139.0, 135.0, 145.0, None),
    ]
    names = ["USUBJID", "PARAMCD", "PARAM", "ADY", "AVAL", "BASE", "A1LO", "A1HI", "ABLFL"]
    return pl.DataFrame(rows, schema=names, orient="row")


def exposures() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "USUBJID": [FULL, FULL],
            "EXTRT": ["STREPTOMYCIN", "STREPTOMYCIN"],
            "EXDOSE": [1.0, 2.0],
            "EXDOSU": ["g", "g"],
            "EXSTDTC": ["2014-01-02", "2014-01-20"],
            "EXENDTC": ["2014-01-19", None],
        }
    )


def library(**without: bool) -> dict[str, Dataset]:
    """All data sets; a name set to False is left out."""
    frames = {"ADSL": adsl(), "ADAE": adae(), "ADLB": adlb(), "EX": exposures()}
    return {name: dataset(name, frame) for name, frame in frames.items() if without.get(name, True)}
