#!/usr/bin/env python3
"""Run scans on a SLURM cluster: each job is a worker, which takes one scan after the other.

python docs/cluster/slurm.py scans/* --to measure --out /shared/outputs     on the login node; pip install dask-jobqueue
"""

from __future__ import annotations

import subprocess
import sys

import dask
from dask_jobqueue import SLURMCluster

CORES = 2  # of a job: threads within a scan
MAX_JOBS = 50

# A scan that ends its worker twice is given up; one that waits on a lost worker is not blamed.
dask.config.set(
    {"distributed.scheduler.allowed-failures": 1, "distributed.scheduler.worker-saturation": 1.0},
)


def main() -> int:
    with SLURMCluster(
        cores=CORES,
        processes=1,
        memory="4GB",
        walltime="04:00:00",
        worker_extra_args=["--nthreads", "1"],  # one scan at a time
        job_script_prologue=[f"export SCANPROC_WORKERS={CORES}"],
        scheduler_options={"dashboard": False},
    ) as cluster:
        cluster.adapt(minimum=1, maximum=MAX_JOBS)
        command = [sys.executable, "-m", "scanproc", "batch", *sys.argv[1:], "--scheduler", cluster.scheduler_address]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())
