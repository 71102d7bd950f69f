"""Remake the golden captures: real instrumentation packages, a fake provider, a real OTLP export over HTTP.

    python -m tests.compat.capture                 every dialect
    python -m tests.compat.capture vercel7 mlflow  some
    python -m tests.compat.capture --keep ...      install nothing, use the environments that are there

Each case runs in a process of its own, in an environment of its own (``.cache/``, pinned by ``requirements/``), and
leaves ``tests/golden/<dialect>/<case>/``: ``request.pb`` and ``logs.pb`` (bodies as sent, decompressed and
concatenated, which protobuf defines as merging), ``exchanges.json`` (what the provider was really asked and really
said) and ``meta.json`` (package versions). One thing is changed: paths of this machine inside stack traces become
other letters of the same length. A client that fails to run ends the capture with its output.
"""

import argparse
import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.compat import environments
from tests.compat.dialects import DIALECTS, Dialect
from tests.compat.fake_provider import fake_provider

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GOLDEN = ROOT / "tests" / "golden"
CASE_SECONDS = 120


class CaptureServer(ThreadingHTTPServer):
    """An OTLP endpoint that keeps the bodies it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: dict[str, list[bytes]] = {}

    @property
    def url(self) -> str:
        """Base address without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CaptureServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().strip(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def do_POST(self) -> None:
        """Keep one export."""
        body = self._body()
        encoding = self.headers.get("content-encoding", "identity")
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        media = self.headers.get("content-type", "").split(";")[0]
        self.server.bodies.setdefault(f"{self.path} {media}", []).append(body)
        self.send_response(200)
        self.send_header("content-type", media)
        self.send_header("content-length", "0")
        self.end_headers()


@contextmanager
def capture_server() -> Iterator[CaptureServer]:
    """A running capture server on a port of the system's choice."""
    server = CaptureServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def neutral(body: bytes) -> bytes:
    """The body with paths and the name of this machine replaced by other letters of the same length."""
    for secret in (str(ROOT), sys.base_prefix, str(Path.home()), platform.node()):
        if len(secret) > 3:
            body = body.replace(secret.encode(), ("/" + "machine" * len(secret))[: len(secret)].encode())
    return body


def _command(dialect: Dialect, case: str) -> tuple[list[str], Path]:
    """How the case is started, and where."""
    home = environments.home(dialect.environment)
    if environments.is_node(dialect.environment):
        shutil.copy(HERE / "apps" / f"{dialect.app}.mjs", home / "app.mjs")
        return ["node", "app.mjs", case], home
    return [str(home / "bin" / "python"), "-m", f"tests.compat.apps.{dialect.app}", case], ROOT


def _versions(environment: str) -> dict[str, str]:
    """The pinned packages of an environment."""
    path = HERE / "requirements" / environment
    if environments.is_node(environment):
        packages: dict[str, str] = json.loads(path.with_suffix(".json").read_text())["dependencies"]
        return packages
    lines = path.with_suffix(".txt").read_text().split()
    return dict(line.split("==") for line in lines)


def capture(name: str, case: str) -> None:
    """Run one case and keep what it exported and what was really said."""
    dialect = DIALECTS[name]
    command, cwd = _command(dialect, case)
    with fake_provider() as provider, capture_server() as receiver:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(environments.CACHE),
            "PYTHONPATH": str(ROOT),
            "PROVIDER_URL": provider.url,
            "OPENAI_API_KEY": "sk-fake",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "ANTHROPIC_API_KEY": "sk-fake",
            "ANTHROPIC_BASE_URL": provider.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_SERVICE_NAME": "golden",
            "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.2.3,deployment.environment.name=test",
            **dialect.variables,
        }
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, timeout=CASE_SECONDS, text=True, check=False
        )
        if done.returncode != 0:
            sys.exit(f"{name}/{case} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
        keep(GOLDEN / name / case, receiver.bodies, provider.exchanges)
    (GOLDEN / name / case / "meta.json").write_text(
        json.dumps(
            {"environment": dialect.environment, "packages": dialect.main(_versions(dialect.environment))}, indent=1
        )
        + "\n"
    )


def keep(folder: Path, bodies: dict[str, list[bytes]], exchanges: list[dict[str, Any]]) -> None:
    """Write a case's files; a case without spans is an error."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.pb"):
        old.unlink()
    for route, file in (("/v1/traces", "request.pb"), ("/v1/logs", "logs.pb")):
        if sent := bodies.get(f"{route} application/x-protobuf"):
            (folder / file).write_bytes(neutral(b"".join(sent)))
    if not (folder / "request.pb").exists():
        sys.exit(f"{folder.name}: no spans came; routes: {sorted(bodies)}")
    (folder / "exchanges.json").write_text(json.dumps(exchanges, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="dialect, or dialect/case")
    parser.add_argument("--keep", action="store_true", help="install nothing")
    options = parser.parse_args()
    names = options.names or list(DIALECTS)
    if not options.keep:
        for environment in sorted({DIALECTS[name.split("/")[0]].environment for name in names}):
            environments.install(environment)
    for name in names:
        dialect, _, only = name.partition("/")
        for case in [only] if only else DIALECTS[dialect].cases:
            capture(dialect, case)
            size = (GOLDEN / dialect / case / "request.pb").stat().st_size
            print(f"{dialect}/{case}: {size} bytes", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
