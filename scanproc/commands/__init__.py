"""The commands of the command line, and what they print: thin, they read words and leave the work to other rooms.

With `cli.py`, which lists them, the only importer of click; what several of them may be told is in `options`.
"""
