"""Every recording through the real handler, compared with what the recording says by an independent route."""

from __future__ import annotations

import collections
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo.dag import SELECTING
from snakemake_logger_plugin_flowo.recorder import Recorder

from tests.plugin import replay
from tests.plugin.peer import Peer

QUIET = {"quiet_bare", "quiet_checkpoint"}  # no job_finished in the records
INTERRUPTED = {
    "sigint_cluster", "sigint_group", "sigint_kg", "sigint_only", "sigterm", "sigterm_group", "sigterm_twice",
}  # fmt: skip


def played(name: str, monkeypatch: pytest.MonkeyPatch, *, close_timeout: float = 0.2) -> list[dict[str, Any]] | None:
    """What is in the spool after the recording, or None when there is no spool."""
    monkeypatch.setattr(sys, "argv", replay.argv(name))
    handler = replay.handler(name, dry_run=True, close_timeout=close_timeout)
    closed = False
    for line in replay.read(name):
        if line["kind"] == "record":
            handler.handle(replay.log_record(line))
        elif line["kind"] == "flush":
            handler.flush()
        elif line["kind"] == "close":
            handler.close()
            closed = True
    found = list(Path(".snakemake/flowo").glob("*.jsonl"))
    if not closed:
        replay.kill(handler)
    assert len(found) <= 1
    return replay.events(found[0]) if found else None


BESIDE = {"run_opened", "run_ended", "provenance", "config", "log_snapshot", "input_snapshot", "job_figures"}


@pytest.mark.parametrize("name", replay.NAMES[::4])
def test_what_is_heard_the_short_way_is_told_as_by_the_long_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Recorder._hear_plain` writes most events without making them."""
    short = played(name, monkeypatch)
    shutil.rmtree(".snakemake", ignore_errors=True)
    monkeypatch.setattr(Recorder, "_hear_plain", lambda *_: False)
    long = played(name, monkeypatch)

    def of_records(events: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        kept = (event for event in events or () if event["kind"] not in BESIDE and "evidence" not in event)
        # "Select jobs" waits for what follows, and at a kill nothing does
        return [{**event, "seq": None} for event in kept if event.get("text") != SELECTING]

    assert of_records(short) == of_records(long)


@pytest.mark.parametrize("name", replay.NAMES)
def test_the_spool_tells_what_the_recording_tells(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = played(name, monkeypatch)
    if name in replay.NO_RUN:
        assert events is None
        return
    assert events is not None
    lines = [line for line in replay.read(name) if line["kind"] == "record"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "run_opened"
    argv = replay.argv(name)  # values of another logger's settings are hidden
    hidden = [before.startswith("--logger-recorder-") and "=" not in before for before in ["", *argv[:-1]]]
    assert events[0].get("command") == [
        "***" if hide else argument for hide, argument in zip(hidden, argv, strict=True)
    ]
    count = collections.Counter(event["kind"] for event in events)
    assert not count["gap"]

    of = collections.Counter(line["event"] for line in lines)
    assert count["job_info"] == of["job_info"]
    assert count["group_error"] == of["group_error"]
    assert count["run_info"] == of["run_info"]
    assert count["rulegraph"] == of["rulegraph"]
    finished = [e for e in events if e["kind"] == "job_finished"]
    assert [e.get("job", 0) for e in finished if e.get("evidence", "event") == "event"] == [
        line["extra"]["job_id"]["value"] for line in lines if line["event"] == "job_finished"
    ]
    assert name in QUIET or len(finished) == of["job_finished"]
    # Attempts that failed: each job_error but for the repetition at the end, and each output that is not as declared.
    failed, repeated = [], False
    for line in lines:
        repeated = repeated or "Look below for error messages" in str(line["msg"])
        if line["event"] == "job_error" and not repeated:
            failed.append(line["extra"]["jobid"]["value"])
        elif line["event"] == "error" and "MissingOutputException" in line["msg"]:
            failed.append(int(line["msg"].partition("Job ")[2].partition(" ")[0]))
        elif line["event"] == "error" and "unexpected empty output" in line["msg"]:
            rule = line["msg"].partition(" in rule ")[2].partition(" ")[0]
            failed.append(next(e["job"] for e in events if e["kind"] == "job_info" and e["rule"] == rule))
    told = [event.get("job", 0) for event in events if event["kind"] == "job_error"]
    assert sorted(told) == sorted(failed)  # of a group, the one to blame comes first
    assert told == failed or of["group_error"]
    restarts = [line["msg"].split()[-1].rstrip(".") for line in lines if "Trying to restart" in str(line["msg"])]
    assert [str(event.get("job", 0)) for event in events if event["kind"] == "job_restarting"] == restarts
    texts = [line["msg"] for line in lines if line["event"] is None and line["msg"] not in ("", "None")]
    extra = [line["msg"] for line in lines if line["event"] == "resources_info" and not line["extra"]]
    heard = [event["text"] for event in events if event["kind"] == "log"]
    selecting = lines[-1]["msg"] == "Select jobs to execute..."
    if selecting and not count["run_ended"] and len(heard) < len(texts + extra):
        texts.pop()  # it waits for whatever is written next, which a killed Snakemake may not come to
    assert sorted(heard) == sorted(texts + extra)

    if any(line["kind"] == "close" for line in replay.read(name)):
        assert events[-1]["kind"] == "run_ended"
        last = [line for line in lines if line["level"] not in ("DEBUG",)][-1]
        expected = "interrupted" if name in INTERRUPTED else "failed" if last["event"] == "error" else "succeeded"
        if name not in ("api_fail", "sigint_dagbuild"):  # told by the exception, which a replay does not raise
            assert events[-1].get("outcome", "succeeded") == expected
    else:
        assert not count["run_ended"]


def test_a_failed_attempt_carries_its_error_and_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    events = played("fail", monkeypatch)
    assert events is not None
    (error,) = [event for event in events if event["kind"] == "job_error"]
    assert error["exit_code"] == 3
    assert error["exception"] == "RuleException"
    assert "returned non-zero exit status 3" in error["message"]
    # what belongs to the job is not told a second time
    assert [event["exception"] for event in events if event["kind"] == "error"] == ["WorkflowError"]


def test_a_signal_is_read_from_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    events = played("sigint_group", monkeypatch)
    assert events is not None
    assert {event["signal"] for event in events if event["kind"] == "job_error"} == {2}


def test_external_ids_and_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    events = played("cluster_group", monkeypatch)
    assert events is not None
    submitted = [(event["jobs"], event["external_id"]) for event in events if event["kind"] == "job_submitted"]
    assert submitted == [([4, 3], "fake3727"), ([2, 1], "fake30836")]


def test_the_server_holds_what_the_spool_holds(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", peer.url)
    monkeypatch.setenv("FLOWO_TOKEN", "t")
    events = played("fanout200", monkeypatch, close_timeout=60)
    assert events == peer.events()
    assert all(headers["Authorization"] == "Bearer t" for _, headers, _ in peer.posts)


def test_what_no_record_told_follows_from_the_success(monkeypatch: pytest.MonkeyPatch) -> None:
    events = played("quiet_bare", monkeypatch)
    assert events is not None
    finished = [event for event in events if event["kind"] == "job_finished"]
    assert {event["evidence"] for event in finished} == {"run_succeeded"}
    assert len(finished) == len([event for event in events if event["kind"] == "job_info"])


def test_whose_error_a_group_failed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    events = played("pipe_fails", monkeypatch)
    assert events is not None
    first, second = [event for event in events if event["kind"] == "job_error"]
    assert (first["rule"], first["exit_code"]) == ("prod", 3)
    assert (second["rule"], second["message"]) == ("cons", f"Job {first['job']} of its group failed (rule prod).")
    assert "exit_code" not in second
