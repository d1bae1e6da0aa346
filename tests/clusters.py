"""Clusters for tests: the workers of one in this very process see what tests put in place of functions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dask
from distributed import Client, LocalCluster

from scanproc.cluster.workers import silence


@dataclass(frozen=True)
class ThisProcess:
    """One worker with one thread, which takes items in order."""

    advice = ""

    @contextmanager
    def connected(self, patience_s: float) -> Iterator[Client]:
        silence()
        quiet = {"distributed.scheduler.worker-saturation": 1.0, "distributed.worker.memory.terminate": False}
        with (
            dask.config.set(quiet),
            LocalCluster(
                n_workers=1,
                threads_per_worker=1,
                processes=False,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster, timeout=patience_s) as client,
        ):
            yield client

    def is_whole(self, client: Client) -> bool:
        return True
