"""Where the data of the CDISC pilot lie: in the repository, or beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "data" / "cdiscpilot01", _HERE.parent.parent / "shared" / "data" / "cdiscpilot01")


def pilot() -> Path:
    """The pilot's folder; the test is skipped where there is none."""
    place = next((place for place in _PLACES if place.is_dir()), None)
    if place is None:
        pytest.skip(f"the CDISC pilot's data are in none of {', '.join(map(str, _PLACES))}")
    return place


def sdtm() -> Path:
    """Its SDTM as XPT."""
    return pilot() / "sdtm_xpt"


def adam() -> Path:
    """Its ADaM as XPT."""
    return pilot() / "adam_xpt"


def tables_csr() -> Path:
    """The report's tables as text."""
    return pilot() / "tables_csr"
