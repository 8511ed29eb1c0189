"""Watched logs: only what the run declared, while somebody watches; quiet otherwise, and nobody waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import attend, follow, mask, peek
from snakemake_logger_plugin_flowo.config import Target, target_of

from tests.plugin.peer import Peer
from tests.plugin.shipping import until

NOW = time.time()


class Following:
    """A follower of a run with two jobs, and a server that is asked."""

    def __init__(self, target: Target | None) -> None:
        self.attempts = {1: 1, 2: 2}
        self.attendant = attend.Attendant(lambda *_: None)
        self.target = target
        self.follower = follow.Follower(
            "r",
            Path.cwd(),
            self.attendant,
            self.attempts,
            lambda: self.target,
            os.geteuid(),
            mask.Mask(["hunter22hunter"]).text,
        )

    def declare(self) -> None:
        self.follower.declared(1, time.time(), ["logs/a.log", "../shared.log"])
        self.follower.declared(2, time.time(), [])

    def end(self) -> float:
        """How long Snakemake's exit was kept."""
        begun = time.monotonic()
        self.follower.close()
        self.follower.join(0.2)
        took = time.monotonic() - begun
        self.attendant.close(1)
        return took

    @property
    def alive(self) -> bool:
        return any(thread.name == "flowo-follower" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "FIRST", 0.01)
    monkeypatch.setattr(follow, "PACE", 0.02)
    Path("logs").mkdir()


@pytest.fixture
def following(peer: Peer) -> Iterator[Following]:
    peer.wishes = []
    made = Following(target_of(peer.url, "t"))
    yield made
    made.end()
    until(lambda: not made.alive)


def wish(job: int = 1, attempt: int = 1, log: Any = 0, **more: Any) -> dict[str, Any]:
    return {"kind": "log", "job": job, "attempt": attempt, "log": log, "offset": None, "file": ""} | more


def test_nobody_watches_one_request_waits(following: Following, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    monkeypatch.setattr(peek.Seen, "more", lambda *given: looked.append(given))
    assert not following.alive  # no log was declared yet
    following.declare()
    until(lambda: peer.waiting)
    time.sleep(0.5)
    assert (peer.polls, peer.parts, looked) == (1, [], [])
    assert following.end() < 1
    until(lambda: not following.alive)


def test_what_is_added_is_brought_while_somebody_watches(following: Following, peer: Peer) -> None:
    log = Path("logs/a.log")
    following.declare()
    until(lambda: peer.waiting)
    peer.wishes = [wish()]
    until(lambda: peer.parts)
    assert peer.parts[0]["state"] == "missing"
    log.write_text("one\n")
    until(lambda: peer.text() == "one\n")
    with log.open("a") as file:
        file.write("two\n")
    until(lambda: peer.text() == "one\ntwo\n")
    peer.wishes = []
    until(lambda: peer.waiting)
    count = len(peer.parts)
    with log.open("a") as file:
        file.write("unseen\n")
    time.sleep(0.3)
    assert len(peer.parts) == count
    peer.wishes = [wish(offset=8, file=peer.parts[-1]["file"])]
    until(lambda: "unseen" in peer.text())
    with log.open("a") as file:
        file.write("the last line\n")
    following.follower._closing.set()  # as close does
    until(lambda: not following.alive)
    assert peer.text() == "one\ntwo\nunseen\nthe last line\n"


def test_attack_what_was_not_declared_is_not_read(following: Following, peer: Peer) -> None:
    Path("logs/a.log").write_text("log\n")
    following.declare()
    peer.wishes = [
        wish(log=2), wish(log=-1), wish(job=2, attempt=2), wish(job=7), wish(attempt=2), wish(job=2, attempt=1),
        wish(log=0, path="/etc/passwd", name="/etc/passwd"), wish(log="/etc/passwd"), {"kind": "file", "path": "/etc/passwd"},
    ]  # fmt: skip
    until(lambda: len(peer.parts) >= 7)
    told = {(part["job"], part["attempt"], part["log"]): part for part in peer.parts}
    assert {key for key, part in told.items() if part["state"] == "read"} == {(1, 1, 0)}
    assert told[1, 1, 0]["text"] in ("log\n", "")
    assert {part["state"] for key, part in told.items() if key != (1, 1, 0)} == {"unknown", "superseded"}
    assert "root:" not in str(peer.parts)


def test_secrets_are_taken_out_though_they_come_in_pieces(following: Following, peer: Peer) -> None:
    following.declare()
    peer.wishes = [wish()]
    with Path("logs/a.log").open("w", buffering=1) as log:
        for piece in ("begin\nlogin --pass", "word=open", "sesame; hunter22", "hunter done\n", "\rprogress 5 %"):
            log.write(piece)
            log.flush()
            time.sleep(0.01)
    until(lambda: peer.text().endswith("progress 5 %"))
    assert peer.text() == "begin\nlogin --password=***; *** done\n\rprogress 5 %"


def test_the_log_of_the_cluster_job(following: Following, peer: Peer) -> None:
    Path("slurm.log").write_text("slurmstepd: error\n")
    following.follower.declared(2, time.time(), [])
    following.follower.submitted([2], str(Path("slurm.log").resolve()), time.time())
    peer.wishes = [wish(job=2, attempt=2, log=-1)]
    until(lambda: peer.text(-1) == "slurmstepd: error\n")


def test_an_answer_that_was_lost_repeats_nothing_for_ever(following: Following, peer: Peer) -> None:
    log = Path("logs/a.log")
    log.write_text("one\n")
    following.declare()
    lost: list[str] = []

    def misbehave(path: str, _events: list[Any]) -> Any:
        if path.endswith("/logs") and len(lost) < 1:
            lost.append(path)
            return 503, {"Retry-After": "0"}, b""
        return None

    peer.misbehave = misbehave
    peer.wishes = [wish()]
    until(lambda: peer.text())
    with log.open("a") as file:
        file.write("two\n")
    until(lambda: peer.text().endswith("two\n"))
    assert peer.text() in ("one\ntwo\n", "one\none\ntwo\n")


@pytest.mark.parametrize(
    "reply",
    [
        (404, {}, b""), (501, {}, b""), (401, {}, b""), (200, {"Content-Type": "text/html"}, b"<html>"),
        (302, {"Location": "/login"}, b""), (200, {"Content-Type": "application/json"}, b'{"items": []}'),
        (200, {}, b'{"items": 7}'), (200, {}, b'{"items": [7, {"kind": "log", "job": "x"}]}'), (503, {}, b""),
    ],
)  # fmt: skip
def test_servers_that_do_not_know_it_are_asked_rarely(following: Following, peer: Peer, reply: Any) -> None:
    peer.misbehave = lambda path, events: reply
    following.declare()
    until(lambda: peer.polls)
    time.sleep(0.5)
    assert peer.polls <= 2
    assert following.end() < 1


def test_a_server_that_is_gone_or_hangs_keeps_nobody(peer: Peer) -> None:
    for target in (None, target_of("http://127.0.0.1:9", "t")):
        made = Following(target)
        made.declare()
        time.sleep(0.2)
        assert made.end() < 1
        until(lambda made=made: not made.alive)
    peer.wishes = []
    made = Following(target_of(peer.url, "t"))
    made.declare()
    until(lambda: peer.waiting)
    assert made.end() < 1
    until(lambda: not made.alive)  # and its request does not wait on


def test_by_a_unix_socket(tmp_path: Path) -> None:
    peer = Peer(uds=tmp_path / "s.sock")
    peer.wishes = [wish()]
    Path("logs/a.log").write_text("one\n")
    made = Following(Target(url="http://x", socket=str(tmp_path / "s.sock"), token="t"))
    made.declare()
    until(lambda: peer.text() == "one\n")
    made.end()
    until(lambda: not made.alive)
    peer.stop()


def test_a_file_system_that_hangs_is_told_and_does_no_harm(
    following: Following, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "READ_TIMEOUT", 0.1)
    release = threading.Event()
    monkeypatch.setattr(peek.Seen, "more", lambda *_: release.wait(30) and {"state": "missing"})
    following.declare()
    peer.wishes = [wish()]
    try:
        until(lambda: any(part.get("note") == "its file system does not answer" for part in peer.parts))
        peer.wishes = []
        until(lambda: peer.waiting)
        assert following.end() < 2.5
    finally:
        release.set()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "KEPT", 10)
    made = Following(None)
    for job in range(30):
        made.follower.declared(job, NOW, [f"{job}.log"])
        made.follower.submitted([job], "s.log", NOW)
    assert set(made.follower._declared) == set(made.follower._cluster) == set(range(20, 30))
    made.end()
