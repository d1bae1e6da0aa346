"""The processes that do the work: a few of this machine, sized by its memory, or those of a cluster that is there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, num_cores

if TYPE_CHECKING:
    from distributed import Client, LocalCluster
    from distributed.security import Security

log = logging.getLogger(__name__)

_NEED_BYTES = 2e9  # of a worker: most scans take less than 1.5 GB at their largest

_NUM_STARTS = 3

_QUIET: dict[str, Any] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}  # no page, no figures
#: A task counts as having killed its worker only if it ran there: none lies in wait on a worker. Twice is enough.
_LOSSES = {"distributed.scheduler.worker-saturation": 1.0, "distributed.scheduler.allowed-failures": 1}
#: Results are small: what is large belongs to the scan that runs, and nothing of that can be put on disk.
_MEMORY = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
}
#: Ctrl-C reaches all processes of a terminal: this program ends the workers, which else would each say so themselves.
_IGNORE_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_LIBRARY_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class LocalWorkers:
    """Processes of this machine, which listen on 127.0.0.1 alone, and there to nobody else.

    Attributes
    ----------
    number : of processes.
    threads : that each may use, so that they do not fight for the cores.
    memory_bytes : that each may use; one that takes more is ended.
    """

    number: int
    threads: int
    memory_bytes: int

    @contextmanager
    def connected(self, patience_s: float) -> Iterator[Client]:
        """Start them, and end them with the block, whatever they are at."""
        import dask
        from distributed import Client
        from distributed.security import Security

        silence()
        threads = {f"distributed.nanny.pre-spawn-environ.{name}": self.threads for name in _LIBRARY_THREADS}
        security = Security.temporary()  # or any user of this machine could have them run anything
        with (
            dask.config.set({**_QUIET, **_LOSSES, **_MEMORY, **threads}),
            self._started(security) as cluster,
            Client(cluster, security=security, timeout=patience_s, set_as_default=False) as client,
        ):
            yield client

    def _started(self, security: Security) -> LocalCluster:
        """Start the workers, again where one is lost meanwhile."""
        from distributed import LocalCluster

        for trial in range(_NUM_STARTS):
            try:
                return LocalCluster(
                    n_workers=self.number,
                    threads_per_worker=1,
                    memory_limit=self.memory_bytes,
                    host="127.0.0.1",
                    protocol="tls",
                    security=security,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                    preload=_IGNORE_CTRL_C,
                    env={WORKERS: os.environ.get(WORKERS, "").strip() or self.threads},
                )
            except RuntimeError as error:
                log.debug("workers do not start, trial %d: %s", trial, error)
        raise ScanError(
            f"{self.number} workers could not be started on this machine; expected them to stay. Is there enough "
            "memory? Run with --workers 1."
        )

    def is_whole(self, client: Client) -> bool:
        """Whether all workers are there: one that was lost is started again, which may fail."""
        return len(client.nthreads()) >= self.number

    @property
    def advice(self) -> str:
        """What is done where some are not."""
        return "all are started again"


@dataclass(frozen=True)
class ExistingCluster:
    """The workers of a scheduler that runs already; they see the same files under the same paths."""

    address: str

    @contextmanager
    def connected(self, patience_s: float) -> Iterator[Client]:
        """Connect, and leave scheduler and workers running after the block.

        Raises
        ------
        ScanError
            If there is no scheduler within `patience_s` seconds.
        """
        from distributed import Client

        silence()
        try:
            client = Client(self.address, timeout=patience_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ScanError(
                f"no scheduler answers at {self.address} within {patience_s:g} s ({_first_line(error)}); expected one "
                "that runs, such as tcp://127.0.0.1:8786. Start it by `dask scheduler`, then run this again: what was "
                "finished stays."
            ) from None
        with client:
            yield client

    def is_whole(self, client: Client) -> bool:
        """Whether there are workers: whoever starts them looks after their number."""
        return bool(client.nthreads())

    @property
    def advice(self) -> str:
        """What is to be done where there are none."""
        return f"start some, by `dask worker {self.address}`; they are waited for"


def local_workers(asked: int | None, num_items: int) -> LocalWorkers:
    """Return as many workers as are asked for; by default as many as cores, memory and items are for."""
    from distributed.system import MEMORY_LIMIT

    number = asked or min(num_cores(), int(MEMORY_LIMIT // _NEED_BYTES))
    number = max(1, min(number, num_items))
    return LocalWorkers(number, max(1, num_cores() // number), int(MEMORY_LIMIT // number))


def silence() -> None:
    """Leave it to this program to say what has gone wrong."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _first_line(error: Any) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
