"""The yardstick: the plain Open3D recipe, as its tutorials have it. Run on its own, in a process of its own.

Per view: floor and surroundings cut away by truth, outliers removed, 2 mm voxels, normals, FPFH; per pair: RANSAC and
point-to-plane ICP; pose graph of neighbouring views with loop closures; Poisson reconstruction of depth 9, trimmed by
density.

.venv/bin/python scripts/benchmarking/yardstick.py SCAN OUT
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open3d as o3d

VOXEL_MM = 2.0
NORMAL_RADIUS_MM, FEATURE_RADIUS_MM = 6.0, 10.0
RANSAC_MM, ICP_MM = 4.0, 4.0
STEPS = (1, 2)  # each view is aligned with its next, and with the one after
POISSON_DEPTH, TRIMMED_SHARE = 9, 0.03
CUT_ABOVE_MM, CUT_BELOW_MM, CUT_ROUND_MM = 3.0, 350.0, 40.0

Cloud = o3d.geometry.PointCloud
registration = o3d.pipelines.registration


@dataclass(frozen=True)
class View:
    """A view in the recipe's form: its thinned cloud in the camera frame, with normals, and its features."""

    cloud: Cloud
    features: Any


def main() -> None:
    scan, out = Path(sys.argv[1]), Path(sys.argv[2])
    o3d.utility.random.seed(0)
    o3d.utility.set_verbosity_level(o3d.utility.VerbosityLevel.Error)
    start = time.perf_counter()
    views = [prepare(cloud) for cloud in cut_clouds(scan)]
    prepared = time.perf_counter()
    pairs = [(i, (i + step) % len(views)) for step in STEPS for i in range(len(views))]
    aligned = {pair: align(views[pair[0]], views[pair[1]]) for pair in pairs}
    poses = optimise(views, aligned)
    registered = time.perf_counter()
    mesh, points = reconstruct(views, poses)
    done = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    np.savez(
        out / "yardstick.npz",
        vertices=np.asarray(mesh.vertices),
        faces=np.asarray(mesh.triangles).astype(np.int32),
        points=np.asarray(points.points),
        poses=np.array(poses),
        pairs=np.array(pairs),
        T_targets_sources=np.array([aligned[pair] for pair in pairs]),
    )
    seconds = {"prepare": prepared - start, "register": registered - prepared, "poisson": done - registered}
    (out / "yardstick.json").write_text(json.dumps(seconds))


def cut_clouds(scan: Path) -> list[Cloud]:
    """Return every view's points of the foot alone, mm, camera frame: what a patient person would cut out by hand."""
    truth = json.loads((scan / "truth" / "poses.json").read_text())["views"]
    foot = o3d.io.read_triangle_mesh(str(scan / "truth" / "mesh.ply"))
    low, high = foot.get_min_bound() - CUT_ROUND_MM, foot.get_max_bound() + CUT_ROUND_MM
    on_floor = json.loads((scan / "truth" / "simulation.json").read_text())["settings"]["path"] != "raised"
    low[2], high[2] = CUT_ABOVE_MM if on_floor else low[2], CUT_BELOW_MM
    box = o3d.geometry.AxisAlignedBoundingBox(low, high)
    clouds = []
    for cloud, view in zip(read_clouds(scan), truth, strict=True):
        T_mesh_camera = np.array(view["T_mesh_camera"])
        clouds.append(cloud.transform(T_mesh_camera).crop(box).transform(np.linalg.inv(T_mesh_camera)))
    return clouds


def read_clouds(scan: Path) -> list[Cloud]:
    """Return every view's points in mm, camera frame."""
    if (scan / "clouds").is_dir():
        files = sorted((scan / "clouds").glob("*.ply"))
        return [o3d.io.read_point_cloud(str(file)).scale(1000.0, np.zeros(3)) for file in files]
    camera = o3d.io.read_pinhole_camera_intrinsic(str(scan / "camera_intrinsic.json"))
    unit_mm = next(
        float(line.split("=")[1].split("#")[0])
        for line in (scan / "scan.toml").read_text().splitlines()
        if line.startswith("depth_unit_mm")
    )
    return [
        Cloud.create_from_depth_image(
            o3d.io.read_image(str(file)), camera, depth_scale=1.0 / unit_mm, depth_trunc=3000.0
        )
        for file in sorted((scan / "depth").glob("*.png"))
    ]


def prepare(cloud: Cloud) -> View:
    """Remove outliers, thin, and describe."""
    cloud, _ = cloud.remove_statistical_outlier(nb_neighbors=20, std_ratio=2.0)
    cloud = cloud.voxel_down_sample(VOXEL_MM)
    cloud.estimate_normals(o3d.geometry.KDTreeSearchParamHybrid(radius=NORMAL_RADIUS_MM, max_nn=30))
    cloud.orient_normals_towards_camera_location(np.zeros(3))
    near = o3d.geometry.KDTreeSearchParamHybrid(radius=FEATURE_RADIUS_MM, max_nn=100)
    return View(cloud, registration.compute_fpfh_feature(cloud, near))


def align(source: View, target: View) -> np.ndarray:
    """Return T_target_source, by RANSAC on features and point-to-plane ICP."""
    coarse = registration.registration_ransac_based_on_feature_matching(
        source.cloud,
        target.cloud,
        source.features,
        target.features,
        mutual_filter=True,
        max_correspondence_distance=RANSAC_MM,
        estimation_method=registration.TransformationEstimationPointToPoint(False),
        ransac_n=3,
        checkers=[
            registration.CorrespondenceCheckerBasedOnEdgeLength(0.9),
            registration.CorrespondenceCheckerBasedOnDistance(RANSAC_MM),
        ],
        criteria=registration.RANSACConvergenceCriteria(100_000, 0.999),
    )
    fine = registration.registration_icp(
        source.cloud,
        target.cloud,
        ICP_MM,
        coarse.transformation,
        registration.TransformationEstimationPointToPlane(),
        registration.ICPConvergenceCriteria(max_iteration=50),
    )
    return np.array(fine.transformation)


def optimise(views: list[View], aligned: dict[tuple[int, int], np.ndarray]) -> list[np.ndarray]:
    """Return every view's T_first_camera. The graph is connected: each view hangs on the one before it."""
    graph = registration.PoseGraph()
    pose = np.eye(4)
    graph.nodes.append(registration.PoseGraphNode(pose))
    for i in range(1, len(views)):
        pose = pose @ np.linalg.inv(aligned[i - 1, i])
        graph.nodes.append(registration.PoseGraphNode(pose))
    for (i, j), T_j_i in aligned.items():
        information = registration.get_information_matrix_from_point_clouds(
            views[i].cloud, views[j].cloud, ICP_MM, T_j_i
        )
        graph.edges.append(registration.PoseGraphEdge(i, j, T_j_i, information, uncertain=j != i + 1))
    registration.global_optimization(
        graph,
        registration.GlobalOptimizationLevenbergMarquardt(),
        registration.GlobalOptimizationConvergenceCriteria(),
        registration.GlobalOptimizationOption(
            max_correspondence_distance=ICP_MM, edge_prune_threshold=0.25, reference_node=0
        ),
    )
    return [np.array(node.pose) for node in graph.nodes]


def reconstruct(views: list[View], poses: list[np.ndarray]) -> tuple[o3d.geometry.TriangleMesh, Cloud]:
    """Return the Poisson surface, without what has few points near it, and all points."""
    points = Cloud()
    for view, pose in zip(views, poses, strict=True):
        points += Cloud(view.cloud).transform(pose)
    mesh, density = o3d.geometry.TriangleMesh.create_from_point_cloud_poisson(points, depth=POISSON_DEPTH)
    mesh.remove_vertices_by_mask(np.asarray(density) < np.quantile(np.asarray(density), TRIMMED_SHARE))
    return mesh, points


if __name__ == "__main__":
    main()
