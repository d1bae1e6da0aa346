"""PLY files: every bit comes back, other programs can read them, and nothing half is read."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scanproc.artifacts import ByteArray, Mesh
from scanproc.errors import ScanError
from scanproc.formats.ply import read_ply, write_ply

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    """Any mesh, also an empty one, with every finite float64 as a coordinate."""
    count = draw(st.integers(0, 12))
    vertices = draw(arrays.arrays(np.float64, (count, 3), elements=finite))
    faces = draw(st.integers(0, 8 if count else 0))
    indices = draw(arrays.arrays(np.int32, (faces, 3), elements=st.integers(0, max(count - 1, 0))))
    return Mesh(vertices, indices)


def bytes_for(mesh: Mesh, columns: int, seed: int) -> ByteArray:
    shape = (len(mesh.vertices), columns) if columns > 1 else (len(mesh.vertices),)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@given(meshes(), st.booleans(), st.booleans(), st.integers(0, 99))
def test_every_bit_comes_back(mesh: Mesh, with_views: bool, with_color: bool, seed: int) -> None:
    views = bytes_for(mesh, 1, seed) if with_views else None
    color = bytes_for(mesh, 3, seed) if with_color else None
    found, found_views, found_color = read_ply(write_ply(mesh, views, color))
    assert found.vertices.dtype == np.float64 and found.vertices.tobytes() == mesh.vertices.tobytes()
    assert found.faces.dtype == np.int32 and np.array_equal(found.faces, mesh.faces)
    for read, written in ((found_views, views), (found_color, color)):
        assert (read is None) == (written is None)
        assert read is None or (read.dtype == np.uint8 and np.array_equal(read, written))


def sample() -> bytes:
    mesh = Mesh(np.array([[0.1, 0.2, 0.3], [1 / 3, 2e-17, 5.0], [7.0, -8.0, 9e9]]), np.array([[0, 1, 2]], np.int32))
    return write_ply(mesh, np.array([0, 7, 255], np.uint8), np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8))


def test_a_file_cut_short_at_any_byte_is_refused() -> None:
    whole = sample()
    for length in range(len(whole)):
        with pytest.raises(ScanError):
            read_ply(whole[:length])


def test_a_file_with_something_behind_it_is_refused() -> None:
    with pytest.raises(ScanError, match="cut short or edited"):
        read_ply(sample() + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"solid not a ply",
        b"ply\nformat ascii 1.0\nelement vertex 0\nelement face 0\nend_header\n",
        b"ply\nformat binary_little_endian 1.0\nelement face 0\nend_header\n",
        sample().replace(b"double x", b"float x"),
        sample().replace(b"property uchar views\n", b"property short views\n"),
        sample().replace(b"element vertex 3", b"element vertex -3"),
        sample().replace(b"element vertex 3", b"element vertex"),
    ],
)
def test_another_kind_of_ply_is_refused(data: bytes) -> None:
    with pytest.raises(ScanError, match="not written by scanproc"):
        read_ply(data)


def test_the_views_are_a_property_of_the_vertices_for_others() -> None:
    other = trimesh.load(io.BytesIO(sample()), file_type="ply", process=False)
    raw = other.metadata["_ply_raw"]["vertex"]
    assert raw["properties"]["views"] == "<u1" or raw["properties"]["views"] == "u1"
    assert raw["data"]["views"].ravel().tolist() == [0, 7, 255]
    assert np.array_equal(other.vertices, read_ply(sample())[0].vertices)
    assert np.array_equal(other.faces, [[0, 1, 2]])
    assert other.visual.vertex_colors[:, :3].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
