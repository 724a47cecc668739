"""Figures for Prometheus, added up when several processes serve one address: whichever answers tells of all."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, ProcessCollector, generate_latest, multiprocess
from prometheus_client.registry import Collector

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client keeps figures that several processes share; read by it once, when it is imported."""


class Told(Collector):
    """Figures that are asked when they are read, rather than counted."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterator[Metric]:
        """Each as it was asked."""
        yield from self.families


@contextmanager
def shared() -> Iterator[None]:
    """A folder in which the processes born meanwhile write their figures."""
    with tempfile.TemporaryDirectory(prefix="entente-mesures-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


def figures(asked: Sequence[Metric]) -> bytes:
    """Everything that is counted and everything that was asked, as Prometheus reads it.

    Of several processes: sums, those of processes that have died included; but memory, descriptors and processor time
    (`process_…`) are those of the process that answers.
    """
    beside = CollectorRegistry()
    beside.register(Told(asked))
    return generate_latest(_counted()) + generate_latest(beside)


def _counted() -> CollectorRegistry:
    folder = os.environ.get(SHARED)
    if folder is None:
        return REGISTRY
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    ProcessCollector(registry=registry)
    return registry


def _forget_the_dead(folder: Path) -> None:
    """What a process holds ends with it; what it has counted stays."""
    for file in folder.glob("gauge_live*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not _lives(pid):
            multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
