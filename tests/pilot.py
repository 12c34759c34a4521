"""Where the CDISC pilot's files lie, for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent
_PLACES = (_TESTS / "data" / "cdiscpilot01", *(p / "shared" / "data" / "cdiscpilot01" for p in _TESTS.parents))


def folder() -> Path:
    """The folder of the pilot; skips the test where there is none."""
    for place in _PLACES:
        if place.is_dir():
            return place
    pytest.skip("the data of the CDISC pilot are neither in tests/data nor in ../shared/data", allow_module_level=True)


def sdtm() -> Path:
    """The folder of the SDTM data sets."""
    return folder() / "sdtm_xpt"


def adam() -> Path:
    """The folder of the ADaM data sets in XPT."""
    return folder() / "adam_xpt"


def adam_csv() -> Path:
    """The folder of those ADaM data sets that are there as CSV."""
    return folder() / "adam_csv"


def tables_csr() -> Path:
    """The folder of the report's tables as text."""
    return folder() / "tables_csr"
