"""What the tools of the window measure with: rays, profiles, curvature, angles; on shapes whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from test_views import box

from scanproc.artifacts import Mesh, Plane
from scanproc.frames import rotation_about
from scanproc.mesh.curvature import mean_curvature
from scanproc.mesh.plane_profiles import frame_of_plane, plane_profile
from scanproc.mesh.rays import first_hit
from scanproc.open3d_bridge import RayScene
from scanproc.views.camera import Camera
from scanproc.views.coarse import coarse
from scanproc.views.colors import BLUE_RED, VIRIDIS, colors_of
from scanproc.views.hatching import hatching
from scanproc.views.scene import ABOVE, REAR, Skin, medial
from scanproc.views.shell import wall_legend
from scanproc.window.picking import Picked, angle_deg, distance_mm, found_by
from scanproc.window.section_plane import SectionPlane, cut_bodies, plane_across

BOX = box((200.0, 80.0, 30.0), (0.0, -40.0, 0.0))


def mesh_of(shape: trimesh.Trimesh) -> Mesh:
    return Mesh(np.array(shape.vertices), np.array(shape.faces, dtype=np.int32))


BALL = mesh_of(trimesh.creation.icosphere(subdivisions=5, radius=40.0))


def test_a_ray_meets_a_ball_where_the_formula_says_and_as_another_library_does() -> None:
    rng = np.random.default_rng(1)
    other = RayScene(BALL)
    for _ in range(20):
        look = rng.normal(size=3)
        look /= np.linalg.norm(look)
        aside = np.cross(look, rng.normal(size=3))
        start = -200.0 * look + aside * rng.uniform(0.0, 30.0) / np.linalg.norm(aside)
        hit = first_hit(BALL, start, look)
        assert hit is not None
        along = 200.0 - np.sqrt(40.0**2 - float(start @ start - (start @ look) ** 2))
        assert hit.distance_mm == pytest.approx(along, abs=0.1)  # faces lie up to 0.03 mm inside the ball
        assert other.closest(hit.point[None]).distance[0] < 1e-4  # open3d counts in single precision
        assert hit.weights.sum() == pytest.approx(1.0) and (hit.weights >= -1e-12).all()
        assert hit.value(BALL.vertices @ look, BALL.faces) == pytest.approx(float(hit.point @ look), abs=1e-9)


def test_a_ray_that_passes_by_meets_nothing_and_what_is_cut_away_is_not_met() -> None:
    down = np.array([0.0, 0.0, -1.0])
    assert first_hit(BOX, np.array([300.0, 0.0, 100.0]), down) is None
    start = np.array([77.3, 1.7, 100.0])
    top, below = first_hit(BOX, start, down), first_hit(BOX, start, down, Plane(down, -20.0))
    assert top is not None and top.point[2] == pytest.approx(30.0)
    assert below is not None and below.point[2] == pytest.approx(0.0)  # only what lies under z = 20 is there
    assert first_hit(BOX, start, down, Plane(np.array([1.0, 0.0, 0.0]), 80.0)) is None
    assert first_hit(BOX, start, -down) is None  # nothing lies behind the eye


@pytest.mark.parametrize("lean_deg", [0.0, 20.0, -35.0])
def test_a_profile_of_a_box_has_its_width_height_and_wall(lean_deg: float) -> None:
    """Leaning back by an angle, the section of a box is as much higher as 1 / cos."""
    normal = rotation_about(np.array([0.0, 1.0, 0.0]), np.radians(lean_deg)) @ np.array([1.0, 0.0, 0.0])
    section = SectionPlane(np.array([100.0, 0.0, 15.0]), normal)
    (body,) = cut_bodies([("box", BOX)], section)
    low, high = body.profile.corners()
    tall = 30.0 / np.cos(np.radians(lean_deg))
    assert high - low == pytest.approx([80.0, tall])
    assert low[1] == pytest.approx(0.0, abs=1e-9)  # heights begin at the ground
    assert body.profile.walls_at(13.0) == pytest.approx(np.array([[0.0, tall]]), abs=1e-9)
    assert body.words_at(13.0) == [
        f"box: 80.00 wide, {tall:.2f} mm high",
        f"  thick {tall:.2f} mm (v 0.00 to {tall:.2f})",
    ]
    points = body.profile.in_mesh(body.profile.segments.reshape(-1, 2))
    assert points @ normal == pytest.approx(np.full(len(points), float(normal @ section.point)))


def test_the_wall_of_a_shell_is_its_thickness_and_an_open_body_has_none() -> None:
    outer, inner = BOX, box((194.0, 74.0, 24.0), (3.0, -37.0, 3.0))
    hollow = Mesh(
        np.concatenate([outer.vertices, inner.vertices]),
        np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)]).astype(np.int32),
    )
    profile = plane_profile(hollow, Plane(np.array([1.0, 0.0, 0.0]), 90.0))
    assert profile.walls_at(5.0) == pytest.approx(np.array([[0.0, 3.0], [27.0, 30.0]]))
    lidless = Mesh(outer.vertices, outer.faces[np.abs(outer.vertices[outer.faces][:, :, 2] - 30.0).max(axis=1) > 1e-9])
    open_profile = plane_profile(lidless, Plane(np.array([1.0, 0.0, 0.0]), 90.0))
    assert len(open_profile.walls_at(5.0)) == 0 and open_profile.crossings_at(5.0) == pytest.approx([0.0])


@pytest.mark.parametrize("normal", [(1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (0.3, -0.5, 0.2)])
def test_the_frame_of_a_plane_is_right_handed_and_lies_in_it(normal: tuple[float, float, float]) -> None:
    unit = np.array(normal) / np.linalg.norm(normal)
    T = frame_of_plane(Plane(unit, 12.0))
    assert T[:3, :3].T @ T[:3, :3] == pytest.approx(np.eye(3)) and np.linalg.det(T[:3, :3]) == pytest.approx(1.0)
    assert T[:3, 2] == pytest.approx(-unit) and T[:3, 3] @ unit == pytest.approx(12.0)
    assert T[2, 1] >= 0.0  # v never points down


def test_a_ball_curves_by_its_radius_everywhere_and_a_tube_by_half() -> None:
    bend = 40.0 * mean_curvature(BALL, smoothing=0)
    assert np.median(bend) == pytest.approx(1.0, rel=0.01)
    assert np.abs(bend - 1.0).max() < 0.08  # where triangles of two sizes meet, normals lean towards the larger
    inside_out = Mesh(BALL.vertices, np.ascontiguousarray(BALL.faces[:, ::-1]))
    assert np.median(40.0 * mean_curvature(inside_out)) == pytest.approx(-1.0, rel=0.01)
    u, v = np.meshgrid(np.arange(60), np.arange(40), indexing="ij")  # equilateral triangles of 2 mm on a tube
    across, along = (u + 0.5 * (v % 2)) * 2.0, v * np.sqrt(3.0)
    turn = across / (120.0 / (2.0 * np.pi))
    tube = np.stack([19.0986 * np.cos(turn), 19.0986 * np.sin(turn), along], axis=-1).reshape(-1, 3)
    name = lambda a, b: (a % 60) * 40 + b  # noqa: E731
    faces = []
    for b in range(39):
        shift = b % 2
        a = np.arange(60)
        faces += [np.stack([name(a, b), name(a + 1, b), name(a + shift, b + 1)], 1)]
        faces += [
            np.stack([name(a + 1, b), name(a + shift + 0, b + 1) + 0, name(a + shift + 1, b + 1)], 1)[:, [0, 2, 1]]
        ]
    mesh = Mesh(tube, np.concatenate(faces).astype(np.int32))
    bend = mean_curvature(mesh, smoothing=0).reshape(60, 40)[:, 5:-5]
    assert bend == pytest.approx(np.full(bend.shape, 0.5 / 19.0986), rel=0.05)


def test_distance_and_angle_are_those_of_the_points() -> None:
    a, corner, b = np.array([3.0, 0.0, 0.0]), np.zeros(3), np.array([0.0, 4.0, 0.0])
    assert distance_mm(a, b) == pytest.approx(5.0) and angle_deg(a, corner, b) == pytest.approx(90.0)
    assert angle_deg(a, corner, a + 1e-9) == pytest.approx(0.0, abs=1e-6)  # arccos would say 1e-6 and worse
    assert angle_deg(a, corner, -a) == pytest.approx(180.0)
    picks = [Picked(point, point, "foot") for point in (a, corner, b)]
    assert found_by("distance", picks[:1]) == ""
    assert found_by("distance", [picks[0], picks[2]]) == "distance 5.00 mm (dx -3.00, dy 4.00, dz 0.00)"
    assert found_by("angle", picks) == "angle 90.00 deg" and found_by("height", picks[:1]) == "height 0.00 mm"
    apart = [Picked(a, a, "foot", "left"), Picked(b, b, "foot", "right")]
    assert "one foot" in found_by("distance", apart)


@pytest.mark.parametrize(("look", "up"), [ABOVE, REAR, medial(-1.0)])
def test_a_pixel_and_its_ray_belong_together(look: np.ndarray, up: np.ndarray) -> None:
    camera = Camera.round(BOX.vertices, look, up, (900, 700))
    pixels = camera.pixels(BOX.vertices)
    assert (pixels > 0.0).all() and (pixels < (900, 700)).all()  # all of it is seen
    for point, pixel in zip(BOX.vertices[::17], pixels[::17], strict=True):
        start = camera.on_ray(pixel)
        assert np.linalg.norm(np.cross(point - start, look)) < 1e-9
        assert camera.as_deep_as(point, pixel) == pytest.approx(point)
    assert camera.pixels((camera.centre + 10.0 * camera.right)[None])[0] == pytest.approx(
        [450.0 + 10.0 / camera.mm_per_px, 350.0]
    )


def test_a_plane_is_moved_inclined_and_drawn_by_its_handles() -> None:
    camera = Camera.round(BOX.vertices, *medial(-1.0), (900, 700))  # y to -y is away, x to the right
    start = plane_across("x", np.array([100.0, 0.0, 15.0]), camera)
    assert start.moved(7.5).plane.offset_mm == pytest.approx(107.5)
    tilted = start.inclined(0.0, 10.0)
    assert np.degrees(np.arccos(tilted.normal @ start.normal)) == pytest.approx(10.0)
    assert tilted.normal[2] == pytest.approx(0.0)  # about the upright axis
    assert start.inclined(10.0, 0.0).normal[1] == pytest.approx(0.0)
    assert start.flipped().plane.offset_mm == pytest.approx(-100.0)
    middle, tip = camera.pixels(np.stack([start.point, start.tip]))
    assert start.grip_at(camera, middle) == "move" and start.grip_at(camera, tip) == "incline"
    assert start.grip_at(camera, middle + 40.0) is None
    goal = camera.pixels(np.array([[123.0, 0.0, 55.0]]))[0]
    assert start.dragged("move", camera, goal).plane.offset_mm == pytest.approx(123.0)
    upwards = camera.pixels((start.point + np.array([20.0, 0.0, 20.0]))[None])[0]
    assert start.dragged("incline", camera, upwards).normal == pytest.approx([np.sqrt(0.5), 0.0, np.sqrt(0.5)])
    end_on = plane_across("y", start.point, camera)
    assert end_on.normal @ camera.look > 0.0  # what is nearer to the eye is cut away
    higher = camera.pixels((end_on.point + np.array([0.0, 0.0, 12.0]))[None])[0]
    assert end_on.dragged("move", camera, higher).point == pytest.approx(end_on.point + 12.0 * camera.look)


def test_hatching_lies_on_the_mesh_at_even_distances() -> None:
    lines = hatching(BALL, 5.0)
    assert np.linalg.norm(lines.reshape(-1, 3), axis=1) == pytest.approx(np.full(2 * len(lines), 40.0), abs=0.1)
    slant = np.array([1.0, 0.8, 0.6]) / np.sqrt(2.0)
    heights = np.unique((lines.reshape(-1, 3) @ slant).round(3))
    assert np.diff(heights) == pytest.approx(np.full(len(heights) - 1, 5.0), abs=2e-3)
    assert len(hatching(Mesh(BALL.vertices, BALL.faces[:0]))) == 0


def test_a_coarse_body_keeps_its_shape_and_colours() -> None:
    fine = mesh_of(trimesh.creation.icosphere(subdivisions=6, radius=40.0))
    color = colors_of(fine.vertices[:, 2], -40.0, 40.0)
    small = coarse(Skin(fine, color))
    assert len(small.mesh.faces) < 0.5 * len(fine.faces)
    assert np.linalg.norm(small.mesh.vertices, axis=1) == pytest.approx(np.full(len(small.color), 40.0), abs=0.1)
    assert (small.color == colors_of(small.mesh.vertices[:, 2], -40.0, 40.0)).all()


def test_walls_that_differ_by_two_fifths_of_a_mm_look_different() -> None:
    """Of a shell of 3 mm with a post of 14 mm: 2.9 and 3.3 mm used to be two near shades of green."""
    legend = wall_legend([np.concatenate([np.full(900, 3.0), np.full(60, 14.0)])])
    thin, thick = legend.colors(np.array([2.9, 3.3])).astype(int)
    assert np.abs(thin - thick).max() >= 20
    assert legend.low <= 2.0 and legend.high >= 4.0
    noisy = legend.colors(np.random.default_rng(0).normal(3.0, 0.03, 200))
    assert (noisy == noisy[0]).all()  # one wall, one colour
    assert [text for _, text in legend.ticks] == ["2", "2.5", "3", "3.5", "4"]
    block = wall_legend([np.linspace(4.0, 30.0, 500)])
    assert (block.high - block.low) / block.band <= 14 and block.low >= -block.band


@pytest.mark.parametrize("steps", [VIRIDIS, BLUE_RED])
def test_no_colour_of_a_map_is_lost_on_white_paper(steps: tuple[str, ...]) -> None:
    """The middle of the map of gaps was white on white. A contrast of 1.25 is seen; WCAG asks 3 of fine detail."""
    ramp = colors_of(np.linspace(0.0, 1.0, 100), 0.0, 1.0, steps) / 255.0
    linear = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    assert (1.05 / (linear + 0.05)).min() > 1.2
