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


def wait_for_an_idle_core() -> None:
    """Make the calling process, and what it starts, run only while a core has nothing else to do (``sched(7)``).

    For a process of its own: a thread that waits so would keep the interpreter lock meanwhile, and with it everybody.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
