"""TLS: with a certificate the server speaks it on its port, and its operator still reaches it."""

import ssl
import urllib.request
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.server import onrecord, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "onrecord test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return cert_path, key_path


def test_spans_come_over_tls_and_a_person_is_erased_through_the_socket(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(cert))
    with serving(tmp_path / "data", "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://")
        body = span(1, user="jan@example.com").SerializeToString()
        request = urllib.request.Request(
            f"{server.url}/v1/traces", body, {"content-type": "application/x-protobuf"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:
            assert answer.status == 200
        done = onrecord("erase", "--data", str(tmp_path / "data"), "--user", "jan@example.com", "--yes")
        assert done.returncode == 0, done.stderr
        read = onrecord("stats", "--data", str(tmp_path / "data"), "--measure", "traces")
        assert read.returncode in (0, 1), read.stderr
        far = onrecord("traces", "--url", server.url)
        assert (far.returncode, "SSL_CERT_FILE" in far.stderr) == (70, True)
        with pytest.raises(OSError, match="certificate verify failed"):
            urllib.request.urlopen(f"{server.url}/health", timeout=30, context=ssl.create_default_context())
    verified = onrecord("verify", str(tmp_path / "data"))
    assert verified.returncode == 0
    assert "erased by entry" in verified.stdout


def test_an_operator_is_told_when_nobody_runs(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    said = onrecord("erase", "--data", str(tmp_path / "data"), "--user", "x", "--yes")
    assert said.returncode != 0
    assert "No server runs" in said.stderr
