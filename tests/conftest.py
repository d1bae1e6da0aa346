"""Loaded before any test."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import scanproc  # noqa: F401  before numpy, whose threads it limits

# How long an example takes, and how long it takes to draw, is the machine's business: on a busy one both fail for
# nothing. That an example is found at all is still checked. The same examples come in every run, so that what fails
# here fails everywhere; `HYPOTHESIS_PROFILE=explore scripts/test` draws new ones.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Undo what the command line's --quiet did to the log in the test before."""
    yield
    logging.getLogger("scanproc").setLevel(logging.NOTSET)
