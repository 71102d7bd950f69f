"""Work that nobody waits for: it leaves the processor to those who are waited for."""

import os
import sys
import threading
from typing import Final

_NICE: Final = 10


def step_back() -> None:
    """Make the calling thread, and those that it starts, go last when there are more of them than cores (``nice``)."""
    if sys.platform == "linux":  # elsewhere priorities are of processes, not of threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
