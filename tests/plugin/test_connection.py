"""The ways to a server: a certificate, a name, a socket."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from snakemake_logger_plugin_flowo import sync
from snakemake_logger_plugin_flowo.config import boot_id, target_of
from snakemake_logger_plugin_flowo.connection import Connection, Unreachable

from tests.plugin.peer import Peer
from tests.plugin.shipping import Run, logs, seqs, until

pytestmark = pytest.mark.usefixtures("impatient")


def certificate(place: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "flowo")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    place.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return place


def test_a_certificate_that_is_not_trusted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pem = certificate(tmp_path / "flowo.pem")
    peer = Peer(certificate=pem)
    run = Run(peer.url)
    run.sender.start()
    run.append(*logs(5))
    until(lambda: run.sender.trouble)
    assert run.end() < 5
    assert not peer.posts
    said = capsys.readouterr().err  # the peer's handshakes complain there too
    assert said.count("flowo: ") == 1
    assert "its certificate is not trusted: self-signed certificate" in said
    with Connection(target_of(peer.url, "t", ca=str(pem))) as connection:  # as `flowo config set ca` has it
        (report,) = sync.send_unsent(connection, sync.collect([Path("spool")]))
    assert report.complete
    assert seqs(peer.events()) == list(range(1, 8))
    peer.stop()


def test_what_is_wrong_with_the_ways_of_an_address(peer: Peer, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("none")
    odd = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        with odd.accept()[0] as other:
            other.sendall(b"SSH-2.0-OpenSSH_9\r\n")
            other.recv(4_096)

    spoken = threading.Thread(target=speak)
    spoken.start()
    for url, ca, reason in (
        (peer.url.replace("http:", "https:"), None, "it does not speak TLS: is its address http://…?"),
        ("https://127.0.0.1:9", str(junk), f"({junk}, the configuration's `ca`) cannot be read: it holds no certificate"),
        ("https://127.0.0.1:9", "/nowhere.pem", "cannot be read: No such file or directory"),
        (f"http://127.0.0.1:{odd.getsockname()[1]}", None, "what answers does not speak HTTP"),
    ):  # fmt: skip
        with Connection(target_of(url, "t", ca=ca)) as connection, pytest.raises(Unreachable) as raised:
            connection.request("GET", "/healthz")
        assert reason in str(raised.value)
    spoken.join()
    odd.close()


def test_a_name_that_is_not_known(capsys: pytest.CaptureFixture[str], peer: Peer) -> None:
    run = Run("https://flowo.invalid")
    run.sender.start()
    run.append(*logs(5))
    until(lambda: run.sender.trouble, 30)
    assert run.end() < 5
    assert "no server reached (its name is not known)" in capsys.readouterr().err
    with Connection(target_of(peer.url)) as connection:
        assert sync.send(connection, run.spool.path).complete
    assert seqs(peer.events()) == list(range(1, 8))


def test_ones_own_server_is_found_by_its_socket_when_it_comes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWO_TOKEN")
    run = Run(None)
    run.sender.start()
    time.sleep(0.2)
    data = home / "data"
    data.mkdir(parents=True)
    peer = Peer(uds=data / "flowo.sock")
    facts = {
        "address": "http://127.0.0.1:3100", "socket": str(data / "flowo.sock"), "pid": 1, "host": socket.gethostname(),
        "boot_id": boot_id(), "token": "flowo_local", "version": "3.0.0",
    }  # fmt: skip
    (data / "server.json").touch(mode=0o600)
    (data / "server.json").write_text(json.dumps(facts))
    until(lambda: peer.runs)
    run.end()
    assert peer.posts[0][1]["Authorization"] == "Bearer flowo_local"
    assert run.sender.target is not None
    assert run.sender.target.link("x") == "http://127.0.0.1:3100/runs/x"
    peer.stop()
