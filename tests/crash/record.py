"""From a record of system calls (``strace -f -y -xx``) to the operations of ``tests.crash.disk``."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.crash.disk import DIRECTORY, Ack, Cut, Name, Operation, Sync, Write

CALLS: Final = (
    "openat,open,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,sync,syncfs,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,ftruncate,truncate,mkdir,mkdirat,link,linkat,close,fallocate,copy_file_range,sendfile"
)
_LINE: Final = re.compile(r"(\d+) +(.*)")
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
_FD: Final = re.compile(r"(\d+|AT_FDCWD)<([^>]*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_UNKNOWN: Final = {
    "writev",
    "pwritev",
    "fallocate",
    "copy_file_range",
    "sendfile",
    "link",
    "linkat",
    "truncate",
    "creat",
}


def strace(output: str) -> list[str]:
    """The command line prefix that makes such a record."""
    return ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-o", output]


class Recorder:
    """Takes records of one process after another that worked below one directory."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.operations: list[Operation] = [Name(root, DIRECTORY), Sync(1)]
        self._inodes: dict[str, int] = {}
        self._orphans: dict[str, int] = {}
        self._count = 0
        self._offsets: dict[str, int] = {}

    def take(self, lines: Iterable[str]) -> None:
        """Take the record of one process."""
        begun: dict[str, tuple[str, int]] = {}
        self._offsets = {}
        for line in lines:
            match = _LINE.match(line)
            if match is None or match[2].startswith(("+++", "---")):
                continue
            thread, text = match.groups()
            began = len(self.operations)
            if text.endswith("<unfinished ...>"):
                begun[thread] = (text.removesuffix("<unfinished ...>"), began)
                self._acknowledge(text)
                continue
            resumed = _RESUMED.match(text)
            if resumed:
                head, began = begun.pop(thread)
                text = head + resumed[1]
            else:
                self._acknowledge(text)
            call = _CALL.match(text)
            if call is not None and int(call[3]) >= 0:
                self._call(call[1], call[2], call[3], began)

    def _acknowledge(self, text: str) -> None:
        """A line on standard output counts from the moment that it is being written."""
        if text.startswith("write(1<"):
            for line in _string(text).decode().splitlines():
                if line.startswith("ack "):
                    self.operations.append(Ack(int(line.split()[1])))

    def _call(self, name: str, text: str, result: str, began: int) -> None:
        if name == "syncfs":
            self.operations.append(Sync(began))
        elif name in ("fsync", "fdatasync"):
            self._sync(_path(text), began)
        elif name in ("openat", "open"):
            self._open(text, result)
        elif name in ("write", "pwrite64"):
            self._write(name, text, int(result))
        elif name == "ftruncate" and self._is_ours(_path(text)):
            self.operations.append(Cut(self._inode(_path(text)), int(text.rpartition(",")[2])))
        else:
            self._change_names(name, [_decode(part) for part in _TEXT.findall(text)])

    def _change_names(self, name: str, paths: list[str]) -> None:
        if not paths or not self._is_ours(paths[-1]):
            return
        assert name not in _UNKNOWN, f"{name} is not modelled"
        if name.startswith("mkdir"):
            self.operations.append(Name(paths[0], DIRECTORY))
        elif name.startswith("rename"):
            inode = self._inodes.pop(paths[0])
            self._inodes[paths[1]] = inode
            self.operations.append(Name(paths[1], inode, old=paths[0]))
        elif name in ("unlink", "unlinkat", "rmdir"):
            inode = self._inodes.pop(paths[0], DIRECTORY)
            self._orphans[paths[0]] = inode
            self.operations.append(Name(paths[0], None))

    def _open(self, text: str, result: str) -> None:
        path = _decode(_TEXT.findall(text)[0])
        if not self._is_ours(path):
            return
        if "O_CREAT" in text and path not in self._inodes:
            self._count += 1
            self._inodes[path] = self._count
            self.operations.append(Name(path, self._count))
        elif "O_TRUNC" in text:
            self.operations.append(Cut(self._inodes[path], 0))
        self._offsets[result] = 0

    def _write(self, name: str, text: str, count: int) -> None:
        path = _path(text)
        if not self._is_ours(path):
            return
        data = _string(text)[:count]
        if name == "pwrite64":
            offset = int(text.rpartition(",")[2])
        else:
            number = text.partition("<")[0]
            offset = self._offsets[number]
            self._offsets[number] = offset + count
        self.operations.append(Write(self._inode(path), offset, data))

    def _sync(self, path: str, began: int) -> None:
        if path in self._inodes or path.endswith("(deleted)"):
            self.operations.append(Sync(began, inode=self._inode(path)))
        elif self._is_ours(path):
            self.operations.append(Sync(began, path=path))

    def _inode(self, path: str) -> int:
        bare = path.removesuffix("(deleted)").rstrip()
        return self._inodes[path] if path in self._inodes else self._orphans[bare]

    def _is_ours(self, path: str) -> bool:
        return path.startswith(self.root) and not path.endswith("-shm")


def operations_of(module: str, made: str, lives: Sequence[Sequence[str]]) -> list[Operation]:
    """What processes of ``module``, one after another over the directory ``made``, asked of the system."""
    recorder = Recorder(made)
    for number, life in enumerate(lives):
        trace = f"{made}.{number}.trace"
        command = [*strace(trace), sys.executable, "-m", module, made, *life]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), done.stderr
        with Path(trace).open(encoding="ascii") as lines:
            recorder.take(lines)
        Path(trace).unlink()
    return recorder.operations


def _decode(text: str) -> str:
    return bytes.fromhex(text.replace("\\x", "")).decode()


def _path(text: str) -> str:
    match = _FD.match(text)
    if match is None:
        return ""
    head, hexed, tail = re.match(r"([^\\]*)((?:\\x[0-9a-f]{2})*)(.*)", match[2]).groups()  # type: ignore[union-attr]
    return head + _decode(hexed) + tail


def _string(text: str) -> bytes:
    match = _TEXT.search(text, text.index(">") if ">" in text else 0)
    return bytes.fromhex(match[1].replace("\\x", "")) if match else b""
