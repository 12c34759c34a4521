"""The two shipped studies, reported once a session."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from report_made import Report, bundle_of, made


@pytest.fixture(scope="session")
def virtual() -> Report:
    return made(bundle_of("true-ad3"))


@pytest.fixture(scope="session")
def real() -> Report:
    return made(bundle_of("mrc-1948"))


@pytest.fixture(scope="session")
def real_alone() -> Report:
    """Real patients, nothing simulated."""
    return made(replace(bundle_of("mrc-1948"), oc=None, calibration=None))
