"""Loaded before any test: scanproc must come before numpy, whose threads it limits."""

import scanproc  # noqa: F401
