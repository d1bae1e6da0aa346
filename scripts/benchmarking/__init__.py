"""Parts of `scripts/benchmark.py`: recordings to measure on, what is measured, and how the figures are told."""
