#!/usr/bin/env python3
"""Run scans on Kubernetes: each pod is a worker. Needs Dask's operator in the cluster; pip install dask-kubernetes

python docs/cluster/kubernetes.py /shared/scans/* --to measure --out /shared/outputs     in a pod that has the volume
"""

from __future__ import annotations

import subprocess
import sys

from dask_kubernetes.operator import KubeCluster, make_cluster_spec

IMAGE = "registry.example.org/scanproc:latest"  # Python and scanproc of one version, for scheduler and workers
CLAIM = "scans"  # a volume that many pods may write (ReadWriteMany), at /shared in each
MAX_PODS = 50
# A scan that ends its worker twice is given up; one that waits on a lost worker is not blamed.
ENVIRONMENT = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
    "SCANPROC_WORKERS": "2",
}


def cluster_spec() -> dict:
    spec = make_cluster_spec(
        name="scanproc",
        image=IMAGE,
        env=ENVIRONMENT,
        resources={"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}},
        worker_command=["dask", "worker", "--nthreads", "1"],  # one scan at a time
    )
    pod = spec["spec"]["worker"]["spec"]
    pod["volumes"] = [{"name": "shared", "persistentVolumeClaim": {"claimName": CLAIM}}]
    pod["containers"][0]["volumeMounts"] = [{"name": "shared", "mountPath": "/shared"}]
    return spec


def main() -> int:
    with KubeCluster(custom_cluster_spec=cluster_spec()) as cluster:
        cluster.adapt(minimum=1, maximum=MAX_PODS)
        command = [sys.executable, "-m", "scanproc", "batch", *sys.argv[1:], "--scheduler", cluster.scheduler_address]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())
