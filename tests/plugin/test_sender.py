"""The sender against a peer that is away, slow, full, or talks nonsense: all arrives, once, in order; nobody waits."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import sender as sending
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import sync, wire
from snakemake_logger_plugin_flowo.config import boot_id, target_of
from snakemake_logger_plugin_flowo.connection import Connection

from tests.plugin.peer import Peer, Reply

PROBLEM = {"Content-Type": "application/problem+json"}
AT_ONCE = 3.0  # s; without the 5 s that a flush or a connection may take, on however busy a machine


class Run:
    """A spool with its sender."""

    def __init__(self, url: str | None) -> None:
        self.id = spools.uuid7()
        self.spool = spools.Spool.create([Path("spool")], self.id)
        self.sender = sending.Sender(self.spool, self.id, url)
        self.append(wire.RunOpened(host="elsewhere"))

    def append(self, *events: wire.Event) -> None:
        for event in events:
            self.spool.append(event, time.time())

    def end(self, timeout: float = 5.0) -> float:
        """Close it; how long that took."""
        begun = time.monotonic()
        self.append(wire.RunEnded())
        self.sender.close(timeout)
        return time.monotonic() - begun


def logs(count: int) -> list[wire.Event]:
    return [wire.Log(text=f"line {number}") for number in range(count)]


def seqs(events: list[dict[str, Any]]) -> list[int]:
    return [event["seq"] for event in events]


def until(condition: Any, timeout: float = 10.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off as always, but from a tenth of the time."""
    monkeypatch.setattr(sending, "OWN_BACKOFF", 0.2)
    monkeypatch.setattr(sending, "LONGEST_BACKOFF", 0.3)
    monkeypatch.setenv("FLOWO_TOKEN", "t")


def test_all_arrives_in_order_and_the_exit_is_quick(peer: Peer) -> None:
    run = Run(peer.url)
    run.sender.start()
    for event in logs(2_500):
        run.append(event)
    assert run.end() < 1.0
    assert seqs(peer.events()) == list(range(1, 2_503))
    assert max(count for _, _, count in peer.posts) <= wire.BATCH_EVENTS
    assert not list(spools.registry().iterdir())
    assert spools.Ack.load(run.spool.path).ended


def test_a_server_that_comes_late(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = Run(f"http://127.0.0.1:{port}")
    run.sender.start()
    run.append(*logs(10))
    time.sleep(0.3)
    peer = Peer(port)
    until(lambda: peer.runs)
    run.end()
    assert seqs(peer.events()) == list(range(1, 13))
    peer.stop()


def test_a_dead_server_costs_no_time_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run("http://127.0.0.1:9")
    run.sender.start()
    run.append(*logs(10))
    assert run.end() < AT_ONCE
    assert [path.name for path in spools.registry().iterdir()] == [run.id]
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("\n") == 1
    assert "no server reached (connection refused)" in out.err


def test_a_hanging_server_costs_the_time_that_is_allowed(peer: Peer) -> None:
    peer.hang = 20
    run = Run(peer.url)
    run.sender.start()
    run.append(*logs(10))
    time.sleep(0.2)
    assert 0.3 < run.end(timeout=0.5) < AT_ONCE


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_passing_failures_are_tried_again(peer: Peer, status: int) -> None:
    failures = iter([(status, {"Retry-After": "0"}, b"busy"), (status, {}, b"")])
    peer.misbehave = lambda path, events: next(failures, None)
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.runs)
    run.append(*logs(5))
    run.end()
    assert seqs(peer.events()) == list(range(1, 8))


def test_retry_after_is_kept(peer: Peer) -> None:
    times: list[float] = []

    def busy(path: str, events: list[dict[str, Any]]) -> Reply:
        times.append(time.monotonic())
        return (429, {"Retry-After": "1"}, b"") if len(times) == 1 else None

    peer.misbehave = busy
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.runs)
    run.end()
    assert times[1] - times[0] > 0.95


def test_batches_are_halved_and_what_is_too_large_alone_becomes_a_gap(peer: Peer) -> None:
    def full(path: str, events: list[dict[str, Any]]) -> Reply:
        large = len(events) > 3 or any(event.get("text") == "line 5" for event in events)
        return (413, PROBLEM, b"{}") if large else None

    peer.misbehave = full
    run = Run(peer.url)
    run.append(*logs(20))
    run.sender.start()
    run.end()
    events = peer.events()
    assert seqs(events) == list(range(1, 23))
    (gap,) = [event for event in events if event["kind"] == "gap"]
    assert gap["count"] == 1
    assert "too large" in gap["reason"]


def test_a_server_from_an_older_backup_is_given_all_again(peer: Peer) -> None:
    run = Run(peer.url)
    run.append(*logs(1_500))
    run.sender.start()
    until(lambda: len(peer.runs.get(run.id, ())) == 1_501)
    del peer.runs[run.id][700:]
    run.append(*logs(3))
    run.end()
    assert seqs(peer.events()) == list(range(1, 1_506))


def test_a_server_that_has_more_than_we_knew(peer: Peer) -> None:
    run = Run(peer.url)
    run.append(*logs(10))
    lines = [json.loads(line) for line in run.spool.path.read_bytes().splitlines()]
    peer.runs[run.id] = lines[:8]
    run.sender.start()
    run.end()
    assert seqs(peer.events()) == list(range(1, 13))


def test_what_is_gone_from_the_spool_becomes_gaps(peer: Peer) -> None:
    run = Run(peer.url)
    run.append(*logs(10), wire.RunEnded())
    lines = run.spool.path.read_bytes().splitlines(keepends=True)
    run.spool.path.write_bytes(b"".join([*lines[5:7], b'{"seq":8,"torn', b"\0\0\n", *lines[9:]]))
    with Connection(target_of(peer.url)) as connection:
        report = sync.send(connection, run.spool.path)
    assert report.complete
    assert seqs(peer.events()) == list(range(1, 13))
    assert [event["seq"] for event in peer.events() if event["kind"] == "gap"] == [1, 2, 3, 4, 5, 8, 9]


def test_a_contradiction_does_not_loop(peer: Peer) -> None:
    peer.misbehave = lambda path, events: (409, PROBLEM, b'{"expected": 1}')
    run = Run(peer.url)
    run.sender.start()
    until(lambda: len(peer.posts) >= 3)
    time.sleep(0.5)
    assert len(peer.posts) == 3
    run.end(0.3)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, PROBLEM, b"{}"), "does not accept the token"),
        ((403, PROBLEM, b'{"detail": "only to read"}'), "only to read"),
        ((404, {"Content-Type": "text/html"}, b"<html>"), "answers 404"),
        ((302, {"Location": "http://127.0.0.1:9/login"}, b""), "redirects elsewhere"),
        ((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), "does not answer like a flowo server"),
        ((200, {"Content-Type": "application/json"}, b'{"acked": "7"}'), "does not answer like a flowo server"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "does not answer like a flowo server"),
    ],
)
def test_what_does_not_pass_by_itself_is_said_once(
    peer: Peer, reply: Reply, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.misbehave = lambda path, events: reply
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.posts)
    run.append(*logs(5))
    time.sleep(0.4)
    assert run.end() < AT_ONCE
    assert len(peer.posts) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err


PROXY = b"<html><title>Bad Gateway</title>nginx</html>"


def test_a_proxy_that_answers_for_a_server_that_is_away(peer: Peer) -> None:
    answers = iter([(502, {"Content-Type": "text/html"}, PROXY)] * 2 + [(504, {"Content-Type": "text/html"}, PROXY)])
    peer.misbehave = lambda path, events: next(answers, None)
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.runs)
    run.append(*logs(5))
    run.end()
    assert seqs(peer.events()) == list(range(1, 8))


def test_a_slow_server_gets_all_in_the_end_and_nobody_waits_for_it(peer: Peer) -> None:
    peer.hang = 0.5
    run = Run(peer.url)
    run.sender.start()
    begun = time.monotonic()
    for event in logs(2_000):
        run.append(event)
    assert time.monotonic() - begun < peer.hang * 4  # never for an answer
    until(lambda: len(peer.runs.get(run.id, ())) == 2_001, 30)
    assert len(peer.posts) <= 5  # what came while it was waited for goes in one batch
    run.end(10)
    assert seqs(peer.events()) == list(range(1, 2_003))


def test_a_server_that_says_when_it_is_back_is_waited_for_at_the_end(peer: Peer) -> None:
    """As flowo says it while its database starts again."""
    away = iter([(503, {"Retry-After": "1"}, b"")])
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.runs)
    peer.misbehave = lambda path, events: next(away, None)
    run.append(*logs(5))
    run.end(30)
    assert seqs(peer.events()) == list(range(1, 8))


def certificate(place: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signs itself."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

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


def test_heartbeats_go_on_their_own_route(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT", 0.1)
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.heartbeats >= 3)
    run.end()
    assert seqs(peer.events()) == [1, 2]


def test_a_server_that_lost_the_run_gets_it_again_after_a_heartbeat(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT", 0.1)
    peer.misbehave = lambda path, events: (
        (404, PROBLEM, b"{}") if path.endswith("heartbeat") and not peer.runs else None
    )
    run = Run(peer.url)
    run.append(*logs(5))
    run.sender.start()
    until(lambda: peer.runs)
    peer.runs.clear()
    until(lambda: peer.runs)
    run.end()
    assert seqs(peer.events()) == list(range(1, 8))


def test_older_spools_of_the_directory_come_along(peer: Peer) -> None:
    older = Run(None)
    older.append(*logs(4), wire.RunEnded())
    older.spool.close()
    run = Run(peer.url)
    run.sender.start()
    until(lambda: len(peer.runs.get(older.id, ())) == 6)
    run.end()
    until(lambda: not list(spools.registry().iterdir()))


def test_a_spool_that_another_host_still_writes_is_not_done_when_all_of_it_is_there(peer: Peer) -> None:
    older = Run(None)
    older.append(*logs(4))
    run = Run(peer.url)
    run.sender.start()
    until(lambda: len(peer.runs.get(older.id, ())) == 5)
    run.end()
    assert not spools.Ack.load(older.spool.path).ended
    older.append(wire.RunEnded())
    assert older.spool.path.resolve() in spools.registered()
    with Connection(target_of(peer.url)) as connection:
        (report,) = sync.send_unsent(connection, sync.collect([Path("spool")]))
    assert report.complete
    assert len(peer.runs[older.id]) == 6


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


def test_a_deaf_peer_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that takes connections and says nothing, ever."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        run = Run(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        run.sender.start()
        slowest = 0.0
        for event in logs(200):
            begun = time.perf_counter()
            run.append(event)
            slowest = max(slowest, time.perf_counter() - begun)
        assert slowest < AT_ONCE
        assert run.end(0.5) < AT_ONCE
    assert threading.active_count() < 30
