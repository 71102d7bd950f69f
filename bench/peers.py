"""The same burst against other tools, each installed into an environment of its own below ``.cache/bench``.

What they have stored is counted in their own SQLite file, read-only, so that asking does not slow them down.
"""

import gzip
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.load import send
from bench.workload import Workload

LONG_TRACE = bytes(range(1, 17))
_VENVS = Path(__file__).parents[1] / ".cache" / "bench"
_PORT = 46_006
_GIVE_UP_S = 900
PEERS = {
    "phoenix": ("arize-phoenix", ["phoenix", "serve"], "phoenix.db", "/v1/traces", "/healthz"),
    "mlflow": (
        "mlflow", ["mlflow", "server", "--host", "127.0.0.1", "--port", str(_PORT), "--workers", "1",
                   "--backend-store-uri", "sqlite:///mlflow.db"],
        "mlflow.db", "/v1/traces", "/health",
    ),
}  # fmt: skip


def run(name: str, requests: Sequence[tuple[bytes, int]]) -> list[tuple[str, str, float, str]]:
    """Install, start, send, wait until all is stored."""
    package, command, file, path, health = PEERS[name]
    venv = _VENVS / name
    if not (venv / "bin" / command[0]).exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", package], check=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"PHOENIX_PORT": str(_PORT), "PHOENIX_HOST": "127.0.0.1", "PHOENIX_WORKING_DIR": folder,
                    "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_GRPC_PORT": str(_PORT + 1)}  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(
            [venv / "bin" / command[0], *command[1:]], cwd=folder, env={**os.environ, **settings},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{_PORT}"
            _wait(url + health)
            started = time.perf_counter() - began
            rows = _measure(process.pid, url + path, Path(folder) / file, requests)
            return [("start until it answers", "s", started, ""), *rows]
        finally:
            process.terminate()
            process.wait(60)


def _measure(
    pid: int, url: str, file: Path, requests: Sequence[tuple[bytes, int]]
) -> list[tuple[str, str, float, str]]:
    idle = machine.resident_bytes(pid)
    headers = {"x-mlflow-experiment-id": "0"}
    before, began = machine.cpu_s(pid), time.perf_counter()
    sent = send(url, requests, headers=headers)
    while _stored(file) < sent.spans and time.perf_counter() - began < _GIVE_UP_S:
        time.sleep(0.2)
    seconds, cpu, stored = time.perf_counter() - began, machine.cpu_s(pid) - before, _stored(file)
    return [
        ("idle memory", "MB", idle / 1e6, ""),
        ("processor time per span, whole path", "ms", cpu / max(stored, 1) * 1_000, ""),
        ("spans until stored", "/s", stored / seconds, ""),
        ("spans acknowledged", "/s", sent.spans / sent.seconds, ""),
        ("spans acknowledged and not stored", "", sent.spans - stored, ""),
        ("requests refused and sent again", "", sent.refused, ""),
        ("bytes per span, whole files", "KB", machine.disk_bytes(file.parent) / max(stored, 1) / 1e3, ""),
        ("peak memory", "MB", machine.peak_resident_bytes(pid) / 1e6, ""),
    ]


def _stored(file: Path) -> int:
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as connection:
            return int(connection.execute("SELECT count(*) FROM spans").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _wait(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{url} does not answer")


def packed(body: bytes) -> bytes:
    """A body as exporters send it."""
    return gzip.compress(body, 6)


def one_trace(spans: int, seed: int) -> list[tuple[bytes, int]]:
    """Requests that make one trace of so many spans, a root with children."""
    workload = Workload(seed)
    made = [span for _ in range(spans) for span in workload.trace()[:1]][:spans]
    for span in made:
        span.trace_id = LONG_TRACE
        span.parent_span_id = made[0].span_id
    made[0].parent_span_id = b""
    return [(packed(workload.request(made[at : at + 200])), len(made[at : at + 200])) for at in range(0, spans, 200)]
