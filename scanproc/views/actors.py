"""A layer as actors of VTK: bodies with their insides, points, and lines over them or on their skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.views.coarse import coarse
from scanproc.views.colors import CUT
from scanproc.views.render import INSIDE, body_of
from scanproc.views.scene import Line, Scene

_MANY_FACES = 60_000  # of more, a coarser mesh is shown while the scene turns: software draws it fast enough
_MATT = {"ambient": 0.28, "diffuse": 0.82, "specular": 0.06}


@dataclass(frozen=True)
class Actors:
    """The actors of a layer.

    Attributes
    ----------
    skins : each with its whole mesh and a coarser one.
    insides : of the skins, shown where they are cut open.
    clouds, lines : points, and what is drawn over everything.
    ink : lines on the skin, which are cut with it.
    """

    skins: tuple[tuple[Any, Any, Any], ...]
    insides: tuple[Any, ...]
    clouds: tuple[Any, ...]
    lines: tuple[Any, ...]
    ink: tuple[Any, ...]

    @property
    def all(self) -> tuple[Any, ...]:
        """All actors but those of insides."""
        return (*(skin[0] for skin in self.skins), *self.clouds, *self.lines, *self.ink)


def build_actors(pv: Any, plotter: Any, over: Any, scene: Scene) -> Actors:
    """Add a scene to a plotter, and the lines that are drawn over everything to the renderer `over`."""
    skins, insides = [], []
    for skin in scene.skins:
        body = body_of(pv, skin)
        small = body_of(pv, coarse(skin)) if len(skin.mesh.faces) > _MANY_FACES else body
        common = {"render": False, "smooth_shading": True}
        skins.append((plotter.add_mesh(body, scalars="color", rgb=True, **common, **_MATT), body, small))
        inside = plotter.add_mesh(body, color=CUT, culling="front", **common, **INSIDE)
        inside.mapper.scalar_visibility = False
        inside.visibility = False
        insides.append(inside)
    drawn = [line for line in scene.lines if len(line.points)]
    lines, ink = (tuple(_line(pv, line) for line in drawn if line.behind is behind) for behind in (False, True))
    for actor in lines:
        over.AddActor(actor)
    for actor in ink:
        actor.GetMapper().SetResolveCoincidentTopologyToPolygonOffset()
        actor.GetMapper().SetRelativeCoincidentTopologyLineOffsetParameters(0.0, -8.0)
        plotter.renderer.AddActor(actor)
    return Actors(tuple(skins), tuple(insides), _clouds(pv, plotter, scene), lines, ink)


def _clouds(pv: Any, plotter: Any, scene: Scene) -> tuple[Any, ...]:
    """Add all points of a scene as one actor; none where there are none."""
    if not any(len(cloud.points) for cloud in scene.clouds):
        return ()
    dots = pv.PolyData(np.concatenate([cloud.points for cloud in scene.clouds]))
    dots.point_data["color"] = np.concatenate([cloud.color for cloud in scene.clouds])
    options = {"style": "points", "point_size": 3.0, "lighting": False, "render": False}
    return (plotter.add_mesh(dots, scalars="color", rgb=True, **options),)


def _line(pv: Any, line: Line) -> Any:
    points = np.array(line.points).reshape(-1, 3)
    body = pv.line_segments_from_points(points) if line.points.ndim == 3 else pv.lines_from_points(points)
    actor = pv.Actor(mapper=pv.DataSetMapper(body))
    actor.prop.color, actor.prop.line_width, actor.prop.lighting = line.color, line.width, False
    return actor
