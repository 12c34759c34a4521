import numpy as np
import pytest

from pivotal.cohort import build
from pivotal.study.load import load

STUDY = "true-ad3"


def philox(seed):
    return np.random.Generator(np.random.Philox(seed))


@pytest.fixture(scope="session")
def study():
    return load(STUDY)


@pytest.fixture(scope="session")
def published(study):
    return build(study, "published")


@pytest.fixture(scope="session")
def trials(published):
    """200 trials of 330: 66,000 patients, everything measured."""
    return published.draw(200, philox(20))


@pytest.fixture(scope="session")
def draw_with():
    return philox
