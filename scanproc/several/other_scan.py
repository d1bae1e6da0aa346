"""A design on one scan with measures of another: how a foot that was scanned raised is when it stands."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from scanproc.artifacts import Measures
from scanproc.errors import ScanError
from scanproc.prescription.files import CHANGES
from scanproc.prescription.other_scan import USED
from scanproc.scan import open_scan
from scanproc.store import Store

log = logging.getLogger(__name__)


def measures_of_other_scan(scan: Path, outputs: Path) -> dict[str, Any]:
    """Return the settings that carry another scan's measures into the design of this one.

    Parameters
    ----------
    scan : this one, see `scan.open_scan`.
    outputs : of the other scan, `outputs/<scan>`.

    Returns
    -------
    dict
        The one table of changes to the prescription; only what was measured is in it, nothing that was inferred.

    Raises
    ------
    ScanError
        If that scan was not measured, or is of another person.
    """
    facts, root = open_scan(scan).facts, outputs.resolve()
    store = Store(root)
    measures: Measures = store.load(store.latest_stage("measure"))
    subject = store.read_run().get("subject")
    if None not in (subject, facts.subject) and subject != facts.subject:
        raise ScanError(
            f"found scan {root.name} of {subject}, and this one of {facts.subject} (scan.toml: subject), expected two "
            "scans of one person. Name another scan with --from."
        )
    rows = tuple(
        (root.name, foot.side, foot.loading, name, foot.measures[name].value)
        for foot in measures.feet
        for name in USED
        if name in foot.measures and foot.measures[name].status == "measured"
    )
    if not rows:
        raise ScanError(
            f"scan {root.name} measured none of {', '.join(USED)}; expected some. Name another with --from."
        )
    log.info("insole: %d measures of scan %s", len(rows), root.name)
    return {CHANGES: {"measures_of_other_scan": rows}}
