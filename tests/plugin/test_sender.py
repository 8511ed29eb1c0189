"""The sender against a peer that is away, slow, full, or talks nonsense: it is tried again in time; nobody waits."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import sender as sending
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import wire

from tests.plugin.peer import PROBLEM, Peer, Reply
from tests.plugin.shipping import Run, logs, seqs, until

AT_ONCE = 3.0  # s; without the 5 s that a flush or a connection may take, on however busy a machine

pytestmark = pytest.mark.usefixtures("impatient")


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


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, PROBLEM, b"{}"), "the server does not take this run (http://127.0.0.1:"),
        ((401, PROBLEM, b"{}"), "does not accept the token"),
        ((403, PROBLEM, b'{"detail": "only to read"}'), "only to read"),
        ((404, PROBLEM, b'{"detail": "no workspace"}'), "the server does not take this run (http://127.0.0.1:"),
        ((404, {"Content-Type": "text/html"}, b"<html>"), "no server reached (http://127.0.0.1:"),
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


def test_heartbeats_go_on_their_own_route(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT", 0.1)
    run = Run(peer.url)
    run.sender.start()
    until(lambda: peer.heartbeats >= 3)
    run.end()
    assert seqs(peer.events()) == [1, 2]


def test_a_deaf_peer_holds_nobody(capsys: pytest.CaptureFixture[str]) -> None:
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
    run.sender.join(10)  # that the port is gone it hears still, and says
    assert capsys.readouterr().err.count("no server reached") == 1
