"""Where the time of a load goes: seconds a step, and the process's largest memory. Knows nothing of what a step does."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from analytics.ingest import Progress

_STATUS = Path("/proc/self/status")


class StepClock:
    """Adds up the seconds of each step, in the order in which they come. Give it to a load as `progress`."""

    def __init__(self, first: str = "read") -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._at = time.perf_counter()
        self._step = first

    def __call__(self, progress: Progress) -> None:
        """The load tells where it is."""
        self.begin(progress.step)

    def begin(self, step: str) -> None:
        """The time since the last call belongs to the step before."""
        now = time.perf_counter()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._at
        self._step, self._at = step, now

    def stop(self) -> float:
        """End the last step; seconds since the clock was made."""
        self.begin("")
        return self._at - self._started


def peak_memory_mib() -> float:
    """The most memory that this process held, in MiB. The kernel's `ru_maxrss` counts its parent's too, so it comes second."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
