"""The machine and its processes, as the kernel accounts for them. Linux only."""

import contextlib
import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """Processor, cores and memory in a line."""
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{model.partition(':')[2].strip()}, {os.cpu_count()} cores, {memory_kib / 2**20:.0f} GiB"


def busy_elsewhere(seconds: float = 2.0) -> float:
    """Share of all cores that is busy while we do nothing: whether figures of this machine mean much now."""
    before = _cores()
    time.sleep(seconds)
    after = _cores()
    total = sum(after) - sum(before)
    idle = after[3] + after[4] - before[3] - before[4]
    return 1 - idle / total


def tree(process: int) -> list[int]:
    """A process and all that descend from it."""
    found = [process]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, thread.read_text().split())
    return found


def cpu_s(process: int) -> float:
    """User and system seconds of a process and its descendants, those that have ended and been waited for included.

    What has ended is counted by whoever waited for it, at whatever depth: so the figure only grows.
    """
    while True:
        try:
            fields = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in tree(process)]
        except FileNotFoundError:  # one ended while we looked: from now on it is counted by its parent
            continue
        return sum(sum(map(int, one[11:15])) for one in fields) / _TICKS


def resident_bytes(process: int) -> int:
    """Resident memory of a process and its descendants, shared pages counted in each."""
    return sum(_status(one, "VmRSS") for one in tree(process))


def peak_resident_bytes(process: int) -> int:
    """The most that the process itself ever had resident."""
    return _status(process, "VmHWM")


def disk_bytes(directory: Path) -> int:
    """Bytes of all files below a directory, whole files."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # the engine merges its parts while we look
                total += (Path(folder) / name).lstat().st_size
    return total


def _status(process: int, name: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1_024
    return 0


def _cores() -> list[int]:
    return list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
