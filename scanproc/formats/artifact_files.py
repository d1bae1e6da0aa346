"""Artifacts as files: `encode` and `decode` turn one into a mapping of file names to bytes, and back, without a disk.

The names and formats of poses.json, surface.ply, <side>.ply, landmarks.json, measures.json, checks.json are contracts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.artifacts import (
    CameraCertificate,
    Check,
    CleanView,
    CleanViews,
    Exports,
    Feet,
    Foot,
    FootMeasures,
    Insole,
    Insoles,
    Intrinsics,
    Landmark,
    Making,
    Measure,
    Measures,
    OtherFoot,
    PlanCurve,
    Plane,
    ReadGeometry,
    Registration,
    Replicates,
    Report,
    RimTerm,
    SdParts,
    Surface,
    Vertical,
    ViewPose,
)
from scanproc.formats.ply import read_ply, write_ply
from scanproc.formats.spreadsheets import csv_table
from scanproc.frames import FloatArray
from scanproc.measures.rows import columns_of
from scanproc.parallel import parallel_map

Files = Mapping[str, bytes]

_METHODS = ("auto", "marked", "edited")


@dataclass(frozen=True, eq=False)
class LazyFiles(Files):
    """Files that are made, or read, when they are asked for: those of many views together would fill the memory."""

    names: tuple[str, ...]
    get_bytes: Callable[[str], bytes]

    def __getitem__(self, name: str) -> bytes:
        if name not in self.names:
            raise KeyError(name)  # for `get`
        return self.get_bytes(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def encode(artifact: Any) -> Files:
    """Return the files of an artifact; the same artifact gives the same bytes."""
    return _CODECS[type(artifact)][0](artifact)


def decode(kind: type, files: Files) -> Any:
    """Return the artifact of class `kind` that `encode` turned into `files`."""
    return _CODECS[kind][1](files)


# ------------------------------------------------------------------------------------------- stages 1-3


def _encode_clean(clean: CleanViews) -> Files:
    index = []
    for view in clean.views:
        floor = None if view.floor is None else {"normal": list(view.floor.normal), "offset_mm": view.floor.offset_mm}
        index.append(
            {
                "name": view.name,
                "intrinsics": vars(view.intrinsics),
                "floor": floor,
                "floor_tilt_sd_deg": view.floor_tilt_sd_deg,
                "counts": list(view.counts.items()),
            }
        )
    views = {_view_file(number): view for number, view in enumerate(clean.views)}

    def get_bytes(name: str) -> bytes:
        return _view_npz(views[name]) if name in views else _json({"schema": 1, "views": index})

    return LazyFiles(("views.json", *views), get_bytes)


def _view_file(number: int) -> str:
    return f"{number:06d}.npz"


def _view_npz(view: CleanView) -> bytes:
    arrays = {"depth_mm": view.depth_mm, "normals": view.normals, "silhouette": view.silhouette}
    for name in ("color", "rim_deg", "fine_rim_deg"):
        if (image := getattr(view, name)) is not None:
            arrays[name] = image
    return _npz(arrays)


def _decode_clean(files: Files) -> CleanViews:
    index = json.loads(files["views.json"])["views"]

    def view(number: int) -> CleanView:
        entry, arrays = index[number], _from_npz(files[_view_file(number)])
        floor = entry["floor"]
        return CleanView(
            name=entry["name"],
            depth_mm=arrays["depth_mm"],
            normals=arrays["normals"],
            silhouette=arrays["silhouette"],
            intrinsics=Intrinsics(**entry["intrinsics"]),
            floor=None if floor is None else Plane(np.array(floor["normal"]), floor["offset_mm"]),
            counts=dict(entry["counts"]),
            color=arrays.get("color"),
            rim_deg=arrays.get("rim_deg"),
            fine_rim_deg=arrays.get("fine_rim_deg"),
            floor_tilt_sd_deg=entry["floor_tilt_sd_deg"],
        )

    return CleanViews(tuple(parallel_map(view, range(len(index)), "reading views")))


def _encode_registration(registration: Registration) -> Files:
    views = []
    for view in registration.views:
        entry: dict[str, Any] = {"name": view.name, "accepted": view.accepted}
        if view.T_scan_camera is None:
            entry["reason"] = view.reason
        else:
            entry |= {"residual_rms_mm": view.residual_rms_mm, "T_scan_camera": view.T_scan_camera.tolist()}
        views.append(entry)
    content: dict[str, Any] = {"schema": 1, **_frame_entries(registration), "views": views}
    if (rim := registration.rim) is not None:
        content["rim_term"] = {"per_mm": rim.value, "sd_per_mm": rim.sd, "decay_deg": rim.decay_deg}
    if (other := registration.other_foot) is not None:
        content["other_foot"] = {
            "divide": {"normal": other.divide.normal.tolist(), "offset_mm": other.divide.offset_mm},
            "apart_mm": other.apart_mm,
            "alone": list(other.alone),
            "T_scan_camera": {name: pose.tolist() for name, pose in other.T_scan_camera.items()},
        }
    return {"poses.json": _json(content)}


def _decode_registration(files: Files) -> Registration:
    content = json.loads(files["poses.json"])
    views = []
    for entry in content["views"]:
        pose = entry.pop("T_scan_camera", None)
        views.append(ViewPose(**entry, T_scan_camera=None if pose is None else np.array(pose)))
    term = content.get("rim_term")
    rim = None if term is None else RimTerm(term["per_mm"], term["sd_per_mm"], term["decay_deg"])
    return Registration(tuple(views), content["floor_seen"], rim, _vertical(content), _other_foot(content))


def _other_foot(content: dict[str, Any]) -> OtherFoot | None:
    entry = content.get("other_foot")
    if entry is None:
        return None
    divide = Plane(np.array(entry["divide"]["normal"]), entry["divide"]["offset_mm"])
    poses = {name: np.array(pose) for name, pose in entry["T_scan_camera"].items()}
    return OtherFoot(divide, poses, tuple(entry["alone"]), entry["apart_mm"])


def _frame_entries(artifact: Registration | Surface) -> dict[str, Any]:
    """Return what z of the scan frame is."""
    vertical = {} if artifact.vertical is None else {"vertical": vars(artifact.vertical)}
    return {"floor_seen": artifact.floor_seen, **vertical}


def _vertical(content: dict[str, Any]) -> Vertical | None:
    entry = content.get("vertical")
    return None if entry is None else Vertical(**entry)


def _encode_surface(surface: Surface) -> Files:
    files = {
        "surface.ply": write_ply(surface.mesh, surface.views, surface.color),
        "surface.json": _json({"schema": 1, **_frame_entries(surface), **({"torn": True} if surface.torn else {})}),
    }
    if surface.errors_mm is not None:
        files["errors.npz"] = _npz({"errors_mm": surface.errors_mm})
    return files


def _decode_surface(files: Files) -> Surface:
    mesh, views, color = read_ply(files["surface.ply"])
    assert views is not None  # write_ply wrote it
    errors_mm = _from_npz(files["errors.npz"])["errors_mm"] if "errors.npz" in files else None
    content = json.loads(files["surface.json"])
    torn = content.get("torn", False)
    return Surface(mesh, views, content["floor_seen"], color, errors_mm, _vertical(content), torn=torn)


# ------------------------------------------------------------------------------------------- stages 4-8


def _encode_feet(feet: Feet) -> Files:
    entries = []
    for foot in feet.feet:
        points = {
            name: {"xyz_mm": mark.xyz_mm.tolist(), "method": mark.method, "confidence": mark.confidence}
            for name, mark in foot.landmarks.items()
        }
        entries.append(
            {
                "side": foot.side,
                "side_confidence": foot.side_confidence,
                "ground": foot.ground,
                "T_foot_scan": foot.T_foot_scan.tolist(),
                "landmarks": points,
                **({} if foot.object == "foot" else {"object": foot.object}),
            }
        )
    files = {f"{foot.side}.ply": write_ply(foot.mesh, foot.views, foot.color) for foot in feet.feet}
    for foot in feet.feet:
        if foot.replicates is not None:
            marks = {f"landmark {name}": points for name, points in foot.replicates.landmarks.items()}
            arrays = {"errors_mm": foot.replicates.errors_mm, "T_draw_foot": foot.replicates.T_replicate_foot, **marks}
            files[f"{foot.side}-draws.npz"] = _npz(arrays)
    return {"landmarks.json": _json({"schema": 1, "feet": entries}), **files}


def _decode_feet(files: Files) -> Feet:
    feet = []
    for entry in json.loads(files["landmarks.json"])["feet"]:
        mesh, views, color = read_ply(files[f"{entry['side']}.ply"])
        assert views is not None  # write_ply wrote it
        feet.append(
            Foot(
                side=entry["side"],
                side_confidence=entry["side_confidence"],
                ground=entry["ground"],
                T_foot_scan=np.array(entry["T_foot_scan"]),
                mesh=mesh,
                views=views,
                landmarks=landmarks_of(entry["landmarks"]),
                color=color,
                replicates=_decode_replicates(files.get(f"{entry['side']}-draws.npz")),
                object=entry.get("object", "foot"),
            )
        )
    return Feet(tuple(feet))


def _decode_replicates(data: bytes | None) -> Replicates | None:
    if data is None:
        return None
    arrays = _from_npz(data)
    marks = {name.removeprefix("landmark "): arrays[name] for name in arrays if name.startswith("landmark ")}
    return Replicates(arrays["errors_mm"], arrays["T_draw_foot"], marks)


def landmarks_of(entries: dict[str, dict[str, Any]]) -> dict[str, Landmark]:
    """Return the landmarks of a foot's entry in `landmarks.json`.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError, OverflowError
        If it is not of that form, or a number is not finite or out of range.
    """
    marks = {}
    for name, entry in entries.items():
        xyz = np.array(entry["xyz_mm"], dtype=np.float64)
        if xyz.shape != (3,) or not np.isfinite(xyz).all():
            raise ValueError(f"landmark {name} needs three finite coordinates")
        method = entry.get("method", "edited")
        if method not in _METHODS:
            raise ValueError(f"landmark {name} has method {method!r}, expected one of {', '.join(_METHODS)}")
        confidence = float(entry.get("confidence", 1.0))
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"landmark {name} has confidence {confidence:g}, expected 0 to 1")
        marks[name] = Landmark(xyz, method, confidence)
    return marks


def _encode_measures(measures: Measures) -> Files:
    entries = []
    for foot in measures.feet:
        values: dict[str, dict[str, Any]] = {}
        for name, measure in foot.measures.items():
            values[name] = measure_entry(measure)
            if measure.geometry is not None:
                values[name]["geometry"] = measure.geometry.as_lists()
        entry: dict[str, Any] = {"side": foot.side, "loading": foot.loading, "ground": foot.ground, "measures": values}
        if foot.flags:
            entry["flags"] = dict(foot.flags)
        entries.append(entry)
    table = {"schema": 1, "feet": entries, **_cited(measures)}
    return {"measures.json": _json(table), "measures.csv": _measures_csv(measures)}


def _cited(measures: Measures) -> dict[str, Any]:
    """Return what is cited of the camera's certificate; its map is a file of the scan, and is not repeated."""
    found = measures.certificate
    if found is None:
        return {}
    told = {name: getattr(found, name) for name in ("serial", "date", "scale", "scale_sd", "range_mm")}
    return {"camera": {"certificate": measures.camera, **told, "warp": found.warp is not None}}


def measure_entry(measure: Measure) -> dict[str, Any]:
    """Return a measure as it stands in `measures.json`, less the geometry that it was read from."""
    entry: dict[str, Any] = {"value": measure.value, "sd": measure.sd}
    if measure.sd_parts is not None:
        entry["sd_parts"] = vars(measure.sd_parts)
    entry["status"] = measure.status
    return entry if measure.reason is None else {**entry, "reason": measure.reason}


def _measure(entry: dict[str, Any]) -> Measure:
    parts, shape = entry.pop("sd_parts", None), entry.pop("geometry", None)
    geometry = None if shape is None else ReadGeometry(**{kind: _arrays(named) for kind, named in shape.items()})
    return Measure(**entry, sd_parts=None if parts is None else SdParts(**parts), geometry=geometry)


def _arrays(named: Mapping[str, Any]) -> dict[str, FloatArray]:
    return {name: np.array(points, dtype=np.float64) for name, points in named.items()}


def _measures_csv(measures: Measures) -> bytes:
    """Return one row a foot; each measure has its value, its standard uncertainty and its status.

    The last columns name the measures that are flagged, and say why others are refused or inferred.
    """
    from scanproc.measures.table import in_table_order  # here: its readers load what the first stages can do without

    names = in_table_order({name for foot in measures.feet for name in foot.measures})
    columns = [column for name in names for column in columns_of(name)]
    header = ["side", "loading", "ground", *columns, "flags", "reasons"]
    return csv_table(header, (measure_cells(foot) for foot in measures.feet))


def measure_cells(foot: FootMeasures) -> dict[str, object]:
    """Return the cells of a foot's row in a table, by column."""
    from scanproc.measures.table import in_table_order

    cells: dict[str, object] = {"side": foot.side, "loading": foot.loading, "ground": foot.ground}
    for name, measure in foot.measures.items():
        cells |= zip(columns_of(name), (measure.value, measure.sd, measure.status), strict=True)
    cells["flags"] = " ".join(foot.flags)
    reasons = {name: measure.reason for name, measure in foot.measures.items() if measure.reason is not None}
    cells["reasons"] = " | ".join(f"{name}: {reasons[name]}" for name in in_table_order(reasons))
    return cells


def _decode_measures(files: Files) -> Measures:
    table = json.loads(files["measures.json"])
    feet = []
    for entry in table["feet"]:
        values = {name: _measure(measure) for name, measure in entry.pop("measures").items()}
        feet.append(FootMeasures(**entry, measures=values))
    cited = table.get("camera")
    if cited is None:
        return Measures(tuple(feet))
    camera, _, range_mm = cited.pop("certificate"), cited.pop("warp"), cited.pop("range_mm")
    return Measures(tuple(feet), camera, CameraCertificate(**cited, range_mm=range_mm and (range_mm[0], range_mm[1])))


def _encode_insoles(insoles: Insoles) -> Files:
    entries, files = [], {}
    for insole in insoles.insoles:
        checks = [
            {
                "name": check.name,
                "asked": check.asked,
                "got": check.got,
                "pass": check.passed,
                "rule": check.rule,
                "tolerance": check.tolerance,
            }
            for check in insole.checks
        ]
        entry: dict[str, Any] = {"side": insole.side, "checks": checks}
        if insole.refused is not None:
            entry["refused"] = insole.refused
        if insole.outline is not None:
            entry["outline_mm"] = insole.outline.tolist()
        if insole.notes:
            entry["notes"] = list(insole.notes)
        if insole.failed is not None:
            entry["failed"] = insole.failed
        entry["making"] = vars(insole.making)
        if insole.curves:
            entry["curves"] = [{**vars(curve), "xy": np.round(curve.xy, 4).tolist()} for curve in insole.curves]
        entries.append(entry)
        if insole.solid is not None:
            files[f"{insole.side}.ply"] = write_ply(insole.solid)
        if insole.extension is not None:
            files[f"{insole.side}-extension.ply"] = write_ply(insole.extension)
    return {"checks.json": _json({"schema": 1, "feet": entries}), **files}


def _decode_insoles(files: Files) -> Insoles:
    insoles = []
    for entry in json.loads(files["checks.json"])["feet"]:
        names = f"{entry['side']}.ply", f"{entry['side']}-extension.ply"
        solid, extension = (read_ply(files[name])[0] if name in files else None for name in names)
        checks = tuple(
            Check(row["name"], row["asked"], row["got"], row["pass"], row["rule"], row["tolerance"])
            for row in entry["checks"]
        )
        outline = np.array(entry["outline_mm"]) if "outline_mm" in entry else None
        notes = tuple(entry.get("notes", ()))
        told = entry.get("refused"), notes, entry.get("failed"), Making(**entry["making"])
        curves = tuple(PlanCurve(row["name"], row["kind"], np.array(row["xy"])) for row in entry.get("curves", ()))
        insoles.append(Insole(entry["side"], solid, outline, checks, *told, curves, extension))
    return Insoles(tuple(insoles))


def _encode_exports(exports: Exports) -> Files:
    return dict(exports.files)


def _decode_exports(files: Files) -> Exports:
    return Exports(dict(files))


def _encode_report(report: Report) -> Files:
    pages = {"report.html": report.html, "job-sheet.html": report.job_sheet, "wearer.html": report.wearer}
    return {name: page.encode() for name, page in pages.items() if page is not None}


def _decode_report(files: Files) -> Report:
    others = [files[name].decode() if name in files else None for name in ("job-sheet.html", "wearer.html")]
    return Report(files["report.html"].decode(), *others)


def _npz(arrays: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _from_npz(data: bytes) -> Any:
    return np.load(io.BytesIO(data))


def _json(value: Any) -> bytes:
    # In the order in which names were given: a stage gets the same whether its input was just made or is read again.
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


_CODECS: dict[type, tuple[Callable[[Any], Files], Callable[[Files], Any]]] = {
    CleanViews: (_encode_clean, _decode_clean),
    Registration: (_encode_registration, _decode_registration),
    Surface: (_encode_surface, _decode_surface),
    Feet: (_encode_feet, _decode_feet),
    Measures: (_encode_measures, _decode_measures),
    Insoles: (_encode_insoles, _decode_insoles),
    Exports: (_encode_exports, _decode_exports),
    Report: (_encode_report, _decode_report),
}
