"""`python -m scanproc` is the same as `scanproc`."""

from scanproc.cli import main

main()
