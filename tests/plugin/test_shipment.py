"""What is sent to a peer that has less, more, or takes little: all arrives, once, in order, or it is said what is gone."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import sender as sending
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import sync, wire
from snakemake_logger_plugin_flowo.config import target_of
from snakemake_logger_plugin_flowo.connection import Connection

from tests.plugin.peer import PROBLEM, Peer, Reply
from tests.plugin.shipping import Run, logs, seqs, until

pytestmark = pytest.mark.usefixtures("impatient")


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


@pytest.mark.parametrize("along", [False, True])
def test_whose_writer_is_gone_is_told_with_its_record(peer: Peer, along: bool) -> None:
    here = os.uname().nodename
    dead, alive, other = Run(None, host=here), Run(None, host=here, pid=os.getpid()), Run(None)
    if along:
        run = Run(peer.url)
        run.sender.start()
        until(lambda: {dead.id, other.id} <= peer.runs.keys())
        run.end()
    else:
        with Connection(target_of(peer.url)) as connection:
            sync.send_unsent(connection, [one.spool.path for one in (dead, alive, other)])
    told = {path.split("/")[-2]: headers.get(wire.WRITER_HEADER) for path, headers, _ in peer.posts}
    assert told.pop(dead.id) == "gone"
    assert set(told.values()) == {None}
