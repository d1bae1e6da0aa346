"""A layer as actors of VTK: bodies with their insides, points, and lines over them or on their skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.views.bodies import body_of, dots, inside, outside, wire
from scanproc.views.coarse import coarse
from scanproc.views.scene import Scene

_MANY_FACES = 60_000  # of more, a coarser mesh is shown while the scene turns: software draws it fast enough
_DOT_PX = 3.0


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
    def bodies(self) -> tuple[Any, ...]:
        """What the scene's own renderer shows: all but the lines over everything."""
        return (*(skin[0] for skin in self.skins), *self.insides, *self.clouds, *self.ink)

    @property
    def all(self) -> tuple[Any, ...]:
        """All actors but those of insides."""
        return (*(skin[0] for skin in self.skins), *self.clouds, *self.lines, *self.ink)


def build_actors(renderer: Any, over: Any, scene: Scene) -> Actors:
    """Add a scene to a renderer, and the lines that are drawn over everything to the renderer `over`."""
    skins, insides = [], []
    for skin in scene.skins:
        body = body_of(skin)
        small = body_of(coarse(skin)) if len(skin.mesh.faces) > _MANY_FACES else body
        skins.append((outside(body), body, small))
        insides.append(inside(body))
        insides[-1].SetVisibility(False)
    drawn = [line for line in scene.lines if len(line.points)]
    lines, ink = (tuple(wire(line) for line in drawn if line.behind is behind) for behind in (False, True))
    for actor in ink:
        actor.GetMapper().SetResolveCoincidentTopologyToPolygonOffset()
        actor.GetMapper().SetRelativeCoincidentTopologyLineOffsetParameters(0.0, -8.0)
    actors = Actors(tuple(skins), tuple(insides), _clouds(scene), lines, ink)
    for actor in actors.bodies:
        renderer.AddActor(actor)
    for actor in lines:
        over.AddActor(actor)
    return actors


def _clouds(scene: Scene) -> tuple[Any, ...]:
    """Return all points of a scene as one actor; none where there are none."""
    clouds = [cloud for cloud in scene.clouds if len(cloud.points)]
    if not clouds:
        return ()
    points, color = (np.concatenate(parts) for parts in zip(*((one.points, one.color) for one in clouds), strict=True))
    return (dots(points, color, _DOT_PX),)
