"""Tables as CSV files that spreadsheets open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_table(header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a table with a header, lines ended by newlines; what a row lacks is empty.

    A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    stream = io.StringIO()
    table = csv.DictWriter(stream, header, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return stream.getvalue().encode()


def _inert(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
