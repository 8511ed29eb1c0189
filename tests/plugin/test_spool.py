"""The spool on disks that are full, in directories that two share, on file systems without locks; and what is kept of it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import snakemake_logger_plugin_flowo
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import sync, wire
from snakemake_logger_plugin_flowo.config import target_of
from snakemake_logger_plugin_flowo.connection import Connection

from tests.plugin.peer import Peer


def events(spool: spools.Spool) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in spool.path.read_bytes().splitlines()]
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    return found


def made(*directories: Path) -> spools.Spool:
    spool = spools.Spool.create(list(directories), spools.uuid7())
    spool.append(wire.RunOpened(host=os.uname().nodename, pid=2**22 + 1), time.time())
    return spool


@pytest.fixture
def small() -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = Path("small").absolute()
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a file system, and not everywhere")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # spools in it are open


def filled(place: Path) -> Path:
    """A file that takes all that is left."""
    stuffing = place / "stuffing"
    with stuffing.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return stuffing
    raise AssertionError("the disk does not get full")


def test_a_full_disk_costs_what_came_meanwhile_and_it_is_said_how_much(small: Path) -> None:
    spool = made(small)
    stuffing = filled(small)
    for number in range(100):
        spool.append(wire.Log(text=f"{number} " + "x" * 1000), time.time())
    held = len(events(spool))
    assert spool.lost == 101 - held > 80
    stuffing.unlink()
    spool.append(wire.Log(text="after"), time.time())
    gap, after = events(spool)[held:]
    assert (gap["kind"], gap["count"], after["text"]) == ("gap", 101 - held, "after")
    assert "the spool could not be written" in gap["reason"]
    assert spool.lost == 0


def test_plain_lines_keep_their_order_and_are_counted_when_they_are_lost(small: Path) -> None:
    spool = made(small)
    spool.later(wire.told("job_started", {"jobs": [1]}, 1.0), 1.0, spools.Due())
    spool.plain(wire.told("job_finished", {"job": 0}, 2.0), 2.0, spools.Due())
    spool.later(wire.told("job_started", {"jobs": [2]}, 3.0), 3.0, spools.Due())
    spool.append(wire.JobInfo(job=2, command="tool --password hunter22"), 3.0)
    *_, started, finished, second, info = events(spool)
    assert (started["jobs"], finished["job"], second["jobs"]) == ([1], 0, [2])
    assert "hunter22" not in info["command"]
    stuffing = filled(small)
    for number in range(1_000):
        spool.plain(wire.told("job_finished", {"job": number}, 4.0), 4.0, spools.Due())
    held = len(events(spool))
    assert spool.lost == 1_005 - held > 800
    stuffing.unlink()
    spool.plain(wire.told("job_finished", {"job": 1000}, 5.0), 5.0, spools.Due())
    gap, after = events(spool)[held:]
    assert (gap["kind"], gap["count"], after["job"]) == ("gap", 1_005 - held, 1_000)


def test_an_event_told_by_its_fields_is_as_any_other(small: Path) -> None:
    """Numbers, order, masked secrets and what is lost."""
    spool = made(small)
    spool.later(wire.told("job_started", {"jobs": [1]}, 1.0), 1.0, spools.Due())
    spool.told(wire.JobInfo, {"job": 1, "rule": "a"}, 1.0, spools.Due())
    spool.told(wire.JobInfo, {"job": 2, "command": "tool --password hunter22"}, 2.0, spools.Due())
    spool.told(wire.JobInfo, {"job": 3, "resources": {"mem": float("nan")}}, 3.0, spools.Due())
    *_, started, first, second, third = events(spool)
    assert (started["jobs"], first["rule"], third["resources"]) == ([1], "a", {"mem": "nan"})
    assert "hunter22" not in second["command"]
    assert [event["seq"] for event in (started, first, second, third)] == [2, 3, 4, 5]
    stuffing = filled(small)
    for number in range(100):
        spool.later(wire.told("job_started", {"jobs": [number]}, 4.0), 4.0, spools.Due())
        spool.told(wire.JobInfo, {"job": number, "command": "x" * 1000}, 4.0, spools.Due())
    stuffing.unlink()
    spool.told(wire.JobInfo, {"job": 4}, 5.0, spools.Due())
    *_, gap, after = found = events(spool)
    assert (gap["kind"], after["job"]) == ("gap", 4)
    gaps = [event["count"] for event in found if event["kind"] == "gap"]  # one that fits does not stand for the last
    assert sum(gaps) == spool.lost_ever == 206 - (len(found) - len(gaps)) > 150


def test_a_disk_that_stays_full_has_room_for_the_end_and_for_what_was_lost(small: Path, peer: Peer) -> None:
    spool = made(small)
    filled(small)
    for number in range(100):
        spool.append(wire.Log(text=f"{number} " + "x" * 1000), time.time())
    spool.end(wire.RunEnded(outcome="failed", message="y" * 10_000), time.time())
    spool.close()
    *_, gap, ended = found = events(spool)
    assert (gap["kind"], ended["outcome"]) == ("gap", "failed")
    assert sum(event["count"] for event in found if event["kind"] == "gap") == spool.lost_ever
    with Connection(target_of(peer.url)) as connection:
        assert sync.send(connection, spool.path).complete
    assert peer.events()[-2:] == [gap, ended]


def test_a_disk_that_is_full_from_the_beginning_leaves_the_record_to_the_next_place(small: Path) -> None:
    filled(small)
    spool = made(small, Path("elsewhere"))
    assert spool.path.parent == Path("elsewhere").resolve()
    assert sorted(small.iterdir()) == [small / "stuffing"]
    with pytest.raises(OSError, match="No space left"):
        made(small)


def test_two_runs_in_one_directory_leave_each_other_alone(peer: Peer) -> None:
    place = Path("shared")
    runs = [made(place) for _ in range(2)]
    for number in range(50):
        for spool in runs:
            spool.append(wire.Log(text=str(number)), time.time())
    for spool in runs:
        spool.end(wire.RunEnded(), time.time())
        spool.close()
        assert len(events(spool)) == 52
    with Connection(target_of(peer.url)) as connection:
        reports = sync.send_unsent(connection, sync.collect([place]))
    assert [(report.complete, report.sent) for report in reports] == [(True, 52)] * 2


def test_no_lock_is_asked_of_any_file_system() -> None:
    """Some file systems have none, and on others a lock that is never given back hangs for ever."""
    source = Path(snakemake_logger_plugin_flowo.__file__).parent
    for path in source.glob("*.py"):
        assert not {"fcntl", "lockf", "flock", "sqlite3"} & set(path.read_text().replace(".", " ").split()), path


def test_what_a_server_has_is_removed_after_its_time_and_nothing_else(peer: Peer) -> None:
    place = Path("spool")
    old, new, unsent = (made(place) for _ in range(3))
    for spool in (old, new):
        spool.end(wire.RunEnded(), time.time())
        with Connection(target_of(peer.url)) as connection:
            assert sync.send(connection, spool.path).complete
    ack = old.path.with_suffix(".ack")
    ack.write_text(json.dumps(json.loads(ack.read_text()) | {"updated": time.time() - 8 * 86_400}))
    os.utime(unsent.path, (0, 0))
    spools.prune(place, keep_days=7)
    assert {path for path in place.resolve().iterdir() if path.suffix == ".jsonl"} == {new.path, unsent.path}
    assert not ack.exists()
    spools.prune(place, keep_days=0)
    assert {path.name for path in place.iterdir()} == {unsent.path.name, unsent.path.stem + ".reserve"}
    assert not list(spools.sent().iterdir())


def test_a_server_restored_from_an_older_backup_gets_again_what_it_had(peer: Peer) -> None:
    place = Path("spool")
    spool = made(place)
    for number in range(20):
        spool.append(wire.Log(text=str(number)), time.time())
    spool.end(wire.RunEnded(), time.time())
    with Connection(target_of(peer.url)) as connection:
        assert sync.send(connection, spool.path).sent == 22
        assert sync.collect([place]) == []
        assert sync.acknowledged(everything=True) == [spool.path]  # `--all` knows where
        assert sync.ask_again(connection, sync.acknowledged([place])) == []
        assert peer.posts[-1][2] == 1  # that it has all costs a request with one event
        del peer.runs[spool.path.stem][15:]
        (report,) = sync.ask_again(connection, sync.acknowledged([place]))
        assert (report.complete, report.sent) == (True, 7)
        del peer.runs[spool.path.stem]
        lines = spool.path.read_bytes().splitlines(keepends=True)
        spool.path.write_bytes(b"".join(lines[10:]))  # and the spool was pruned
        (report,) = sync.ask_again(connection, sync.acknowledged([place]))
    assert (report.complete, report.sent) == (True, 22)
    assert [event["kind"] for event in peer.events()] == ["gap"] * 10 + ["log"] * 11 + ["run_ended"]
    assert spools.Ack.load(spool.path).ended


def test_a_server_that_cannot_say_is_no_reason_to_forget_what_it_said(peer: Peer) -> None:
    spool = made(Path("spool"))
    spool.end(wire.RunEnded(), time.time())
    with Connection(target_of(peer.url)) as connection:
        assert sync.send(connection, spool.path).complete
        peer.misbehave = lambda path, events: (502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>")
        assert sync.ask_again(connection, sync.acknowledged([Path("spool")])) == []
    assert spools.Ack.load(spool.path).ended


def test_a_run_that_was_deleted_on_the_server_is_not_offered_for_ever(peer: Peer) -> None:
    made(Path("spool"))
    peer.misbehave = lambda path, events: (410, {"Content-Type": "application/problem+json"}, b"{}")
    with Connection(target_of(peer.url)) as connection:
        (report,) = sync.send_unsent(connection, sync.collect([Path("spool")]))
    assert (report.complete, report.sent, report.reason) == (True, 0, "it was deleted on the server")
    assert sync.collect([Path("spool")], everything=True) == []


def test_what_was_written_when_a_ctrl_c_came_counts_and_what_was_not_is_taken_back(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, write = made(small), os.write
    kept = len(events(spool))
    for number, share in enumerate((1.0, 0.5, 0.0)):

        def interrupted(fd: int, data: bytes, share: float = share) -> int:
            write(fd, data[: int(len(data) * share)])
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                spool.append(wire.Log(text=f"interrupted {number}"), time.time())
        spool.append(wire.Log(text=f"after {number}"), time.time())
    assert [event["text"] for event in events(spool)[kept:]] == ["interrupted 0", "after 0", "after 1", "after 2"]


def test_who_waits_for_a_signal_sees_it_until_it_is_cleared() -> None:
    signal = spools.Signal()
    assert not signal.is_set()
    assert not signal.wait(0.01)
    threading.Timer(0.05, signal.set).start()
    assert signal.wait(20)
    signal.set()
    assert signal.is_set()
    assert signal.wait(0)
    signal.clear()
    signal.clear()
    assert not signal.wait(0)
