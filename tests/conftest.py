"""Loaded before any test."""

import logging
from collections.abc import Iterator

import pytest

import scanproc  # noqa: F401  before numpy, whose threads it limits


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Undo what the command line's --quiet did to the log in the test before."""
    yield
    logging.getLogger("scanproc").setLevel(logging.NOTSET)
