"""Loaded before any test."""

import logging
import os
from collections import defaultdict
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


@pytest.hookimpl(tryfirst=True)  # before those marked slow are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `few` leaves out: of a test's cases as many as it says stay, spread over all of them."""
    cases = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.get_closest_marker("few") and not item.get_closest_marker("slow"):
            cases[item.nodeid.split("[")[0]].append(item)
    for those in cases.values():
        (count,) = those[0].get_closest_marker("few").args
        stay = {round((k + 0.5) * len(those) / count - 0.5) for k in range(count)}
        for k, item in enumerate(those):
            if k not in stay:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Undo what the command line's --quiet, or `capture`, did to the log in the test before."""
    yield
    for name in ("scanproc", "scanproc.stages"):
        logging.getLogger(name).setLevel(logging.NOTSET)
