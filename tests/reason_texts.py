"""Every sentence that sources of this program say of a scan: found by walking their syntax, so none is forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path

import scanproc

ROOT = Path(scanproc.__file__).parent

#: Sources whose sentences pages show: why a measure, a view, a foot, a prescription was refused, and what to do.
SAYING = (
    *sorted(ROOT.glob("measures/*.py")),
    *sorted(ROOT.glob("anatomy/*.py")),
    *sorted(ROOT.glob("design/*.py")),
    *sorted(ROOT.glob("prescription/*.py")),
    *(ROOT / "registration" / name for name in ("judgement.py", "refusals.py", "rejections.py", "still_views.py")),
    *(ROOT / "proof" / name for name in ("advice.py", "table.py")),
    ROOT / "pads" / "table.py",
    *(ROOT / "machining" / name for name in ("clamping.py", "gcode.py", "programs.py", "tabs.py", "verification.py")),
    *(ROOT / "solid" / name for name in ("closed_solid.py", "decimation.py")),
    *(ROOT / "reliability" / name for name in ("agreement.py", "repeated.py")),
    *(ROOT / "several" / name for name in ("cohort_summary.py", "differences.py", "loadings.py")),
    *(ROOT / "stages" / f"{name}.py" for name in ("clean", "register", "surface", "align", "measure", "insole")),
)
#: Sources that remark on a scan, or leave it out, beside what they refuse: their refusals are told on the terminal.
REMARKING = (
    *(
        ROOT / "readers" / f"{name}.py"
        for name in ("captured", "certificates", "clouds", "image_folders", "images", "meshes", "realsense",
                     "record3d_metadata", "units")
    ),
    ROOT / "scan.py",
    ROOT / "several" / "study.py",
)  # fmt: skip
#: Of these, what is no sentence of a page: definitions of measures, what is logged alone, files, help.
_SILENT = {
    "anatomy": {"fused_plates.py", "invented_soles.py"},
    "measures": {"plain_words.py", "population.py", "rows.py", "sensor_classes.py", "table.py"},
    "prescription": {
        "device.py",
        "doses.py",
        "fields.py",
        "last_prescription.py",
        "presets.py",
        "files.py",
        "version_names.py",
    },
}
_ASIDE = {"setting", "debug", "info", "warning", "parallel_map", "progress", "AssertionError", "ValueError",
          "NotImplementedError", "ReadGeometry", "KeyError", "compile", "partial", "NamedTuple"}  # fmt: skip
PLACE = re.compile(r"\{[^{}]*\}")


def bare(text: str) -> str:
    """Return a sentence with nothing in its places, and no space at its ends."""
    return PLACE.sub("{}", text).strip()


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a source says; a place that is filled in is {}."""
    if path.name in _SILENT.get(path.parent.name, ()):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _of(tree, inside=False, aside=_ASIDE | ({"ScanError"} if path in REMARKING else set()))


def _of(node: ast.AST, inside: bool, aside: Set[str]) -> Iterator[tuple[int, str]]:
    """Yield the sentences below a node; `inside` the places of another, single words count, too."""
    if isinstance(node, ast.Call) and _called(node) in aside:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.JoinedStr):
        whole = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if _speaks(whole):
            yield node.lineno, whole.strip()
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _of(part.value, True, aside)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _speaks(node.value):
            yield node.lineno, node.value.strip()
        return
    if isinstance(node, ast.IfExp) and inside:
        for branch in (node.body, node.orelse):
            if isinstance(branch, ast.Constant) and isinstance(branch.value, str) and branch.value.isalpha():
                yield branch.lineno, branch.value
    for child in ast.iter_child_nodes(node):
        yield from _of(child, inside, aside)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _speaks(text: str) -> bool:
    """Tell whether a text holds words of English: two at least, that are no settings or places."""
    words = re.findall(r"(?<![\w.%{])[A-Za-z]{2,}(?![\w}])", PLACE.sub("{}", text))
    return " " in text.strip() and len(words) >= 2
