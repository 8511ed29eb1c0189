"""Runs without the plugin: what Snakemake's own log tells comes by the usual way, once, and agrees with the plugin."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake_logger_plugin_flowo import archive, bring, config, wire
from snakemake_logger_plugin_flowo.client import Failed
from snakemake_logger_plugin_flowo.connection import Connection

from tests.plugin import test_snakemake as snakemake
from tests.server.servers import Served

LOGS = sorted((Path(__file__).parents[1] / "plugin" / "logs").iterdir())
RETRIED, GROUPS, OLD = LOGS  # the last by Snakemake 8.30


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs are in local time; the machine's must not matter."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def reach(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", served.url)
    monkeypatch.setenv("FLOWO_TOKEN", served.token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def directory(place: Path, *logs: Path) -> Path:
    folder = place / "keepgoing" / ".snakemake" / "log"
    folder.mkdir(parents=True)
    for log in logs:
        shutil.copy(log, folder)
    return place / "keepgoing"


async def brought(place: Path) -> list[bring.Imported]:
    def send() -> list[bring.Imported]:
        with Connection(config.find()) as connection:
            return list(bring.bring(connection, place))

    return await asyncio.to_thread(send)


async def test_a_finished_run_is_brought_in_once(served: Served, reach: None, tmp_path: Path) -> None:
    place = directory(tmp_path, RETRIED)
    metadata = place / ".snakemake" / "metadata"
    metadata.mkdir()
    begun = archive.logs(place)[0].started - 0.502959 + 1.4632535  # 23:15:07 and a fraction
    (metadata / base64.urlsafe_b64encode(b"z.txt").decode()).write_text(
        json.dumps({"rule": "z", "starttime": begun, "endtime": begun + 1.03, "shellcmd": "sleep 1; echo z > z.txt"})
    )
    (one,) = await brought(place)
    assert (one.outcome, one.reason) == ("imported", "")
    (again,) = await brought(place)
    assert (again.outcome, again.run_id) == ("known", one.run_id)

    run = (await served.client.get(f"/api/v1/runs/{one.run_id}")).json()
    assert (run["status"], run["imported"], run["name"]) == ("failed", True, "keepgoing")
    assert (run["host"], run["user"], run["snakemake_version"], run["cores"]) == ("lab1", "ada", "9.27.1", 2)
    assert run["started_at"] == "2026-11-24T22:15:06.502959Z"
    assert run["ended_at"] == "2026-11-24T22:15:08.496693Z"  # by the elapsed time that it told
    assert run["command"][:3] == ["snakemake", "--cores", "2"]
    assert {status: n for status, n in run["jobs"].items() if n} == {
        "total": 4, "succeeded": 2, "failed": 1, "skipped": 1,
    }  # fmt: skip
    first = run["first_failure"]
    assert (first["rule"], first["attempt"], first["exit_code"]) == ("b", 2, 3)
    job = (await served.client.get(f"/api/v1/runs/{one.run_id}/jobs/1")).json()
    assert job["command"] == "(echo boom line1; echo line2; touch b.txt; exit 3) > logs/b.log 2>&1"
    assert (job["inputs"], job["outputs"], job["logs"]) == (["a.txt"], ["b.txt"], ["logs/b.log"])
    assert [(attempt["status"], attempt["exit_code"]) for attempt in job["attempts"]] == [("failed", 3), ("failed", 3)]
    finer = (await served.client.get(f"/api/v1/runs/{one.run_id}/jobs/3")).json()
    assert finer["started_at"][:23] == "2026-11-24T22:15:07.463"
    assert finer["ended_at"][:23] == "2026-11-24T22:15:08.493"


async def test_groups_of_a_cluster(served: Served, reach: None, tmp_path: Path) -> None:
    (one,) = await brought(directory(tmp_path, GROUPS))
    jobs = (await served.client.get(f"/api/v1/runs/{one.run_id}/jobs")).json()["items"]
    assert [(job["rule"], job["wildcards"], job["group"], job["status"]) for job in jobs] == [
        ("b", {"i": "1"}, "grp", "failed"), ("a", {"i": "1"}, "grp", "failed"),
        ("b", {"i": "2"}, "grp", "failed"), ("a", {"i": "2"}, "grp", "failed"),
    ]  # fmt: skip


async def test_snakemake_8_is_read_too(served: Served, reach: None, tmp_path: Path) -> None:
    place = directory(tmp_path, OLD)
    text = OLD.read_text()
    done = text[: text.index("Job stats:")] + text[text.index("Complete log:") : text.index("WorkflowError:")]
    (place / ".snakemake" / "log" / f"2026-11-25T110000.000000{archive.SUFFIX}").write_text(done)
    failed, well = [
        (await served.client.get(f"/api/v1/runs/{one.run_id}")).json() for one in await brought(place)
    ]  # fmt: skip
    assert (failed["status"], well["status"]) == ("failed", "succeeded")
    assert (failed["host"], failed["cores"]) == ("lab1", 2)
    assert {status: n for status, n in failed["jobs"].items() if n} == {
        "total": 5, "succeeded": 2, "failed": 2, "skipped": 1,
    }  # fmt: skip
    first = failed["first_failure"]
    assert (first["rule"], first["attempt"], first["exit_code"]) == ("f", 2, 3)
    assert first["message"].endswith("returned non-zero exit status 3.")


async def test_what_the_text_does_not_say_stays_open(served: Served, reach: None, tmp_path: Path) -> None:
    place = directory(tmp_path)
    whole = RETRIED.read_text()
    killed = place / ".snakemake" / "log" / RETRIED.name
    killed.write_text(whole[: whole.index("Removing output files")])
    (place / ".snakemake" / "log" / f"2026-11-24T240000{archive.SUFFIX}").write_text("of no time")
    (place / ".snakemake" / "log" / f"2026-11-25T000000.000000{archive.SUFFIX}").touch()
    one, empty = await brought(place)
    assert (one.outcome, empty.outcome) == ("imported", "empty")
    run = (await served.client.get(f"/api/v1/runs/{one.run_id}")).json()
    assert (run["status"], run["ended_at"]) == ("lost", None)  # at once: nobody writes there any more
    *_, (_event, at) = archive.events(archive.logs(place)[0])
    assert abs(dt.datetime.fromisoformat(run["lost_since"]).timestamp() - at) < 60
    with pytest.raises(Failed, match="no logs of Snakemake"):
        await brought(tmp_path)


async def test_what_is_none_of_snakemakes_files_is_passed_over(served: Served, reach: None, tmp_path: Path) -> None:
    place = directory(tmp_path, RETRIED)
    folder, metadata = place / ".snakemake" / "log", place / ".snakemake" / "metadata"
    (log,) = archive.logs(place)
    metadata.mkdir()
    outputs = {
        event.outputs[0] for event, _ in archive.events(log) if isinstance(event, wire.JobInfo) and event.outputs
    }
    for output in outputs:  # to read one would wait for ever
        os.mkfifo(metadata / base64.urlsafe_b64encode(output.encode()).decode())
    os.mkfifo(folder / f"2026-11-24T000000.000001{archive.SUFFIX}")
    (folder / f"2026-11-24T000000.000002{archive.SUFFIX}").mkdir()
    (folder / f"2026-11-24T000000.000003{archive.SUFFIX}").symlink_to("/dev/zero")
    (folder / f"2026-11-24T000000.000004{archive.SUFFIX}").write_bytes(bytes(range(256)) * 100)
    (folder / f"2026-11-24T000000.000005{archive.SUFFIX}").write_text("Building DAG of jobs...\n")
    assert outputs
    assert [(Path(one.log).name[:24], one.outcome) for one in await brought(place)] == [
        ("2026-11-24T000000.000004", "empty"), ("2026-11-24T000000.000005", "imported"), (RETRIED.name[:24], "imported"),
    ]  # fmt: skip


def test_who_writes_a_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("written", "read", "neither", "gone")]
    for file in files[:3]:
        file.touch()
    with files[0].open("a"), files[1].open():
        assert archive.writers(files) == {files[0]: os.getpid()}
        assert archive.writer(files[0], before=1) == archive.writer(files[0], before=os.getpid()) == os.getpid()
    assert archive.writers(files) == {}
    assert archive.writer(files[0], before=os.getpid()) is None


def test_a_failed_run_of_a_program_that_says_no_error_at_its_end(tmp_path: Path) -> None:
    place = directory(tmp_path, RETRIED)
    (log,) = archive.logs(place)
    text = log.path.read_text()
    log.path.write_text(text[: text.index("WorkflowError:\nAt least one job")])
    *_, (ended, _at) = archive.events(log)
    assert isinstance(ended, wire.RunEnded)
    assert (ended.outcome, str(ended.message)[:40]) == ("failed", "Exiting because a job execution failed. ")


@settings(deadline=None)
@given(st.data())
def test_pauses_change_no_number(data: st.DataObject) -> None:
    """A log that is followed gives the events of one that is read at once, whenever it paused."""
    log = archive.Log(data.draw(st.sampled_from(LOGS)), Path("/data"), 1_795_562_106.5, "id")
    telling = archive.Telling(log)
    told: list[archive.Told] = []
    for line in log.path.read_text().splitlines():
        told += telling.feed(line)
        if data.draw(st.integers(0, 3)) == 0:
            told += telling.idle()
    told += telling.end(log.started + 60)
    assert [event.kind for event, _ in told] == [event.kind for event, _ in archive.events(log)]


async def test_a_run_is_followed_from_its_log(served: Served, reach: None, tmp_path: Path) -> None:
    place = directory(tmp_path)
    text = RETRIED.read_text()
    middle = text.index("Shell command: (echo boom")
    with (place / ".snakemake" / "log" / RETRIED.name).open("w") as log:  # as long as it is open, it goes on
        log.write(text[:middle])
        log.flush()
        run_id = await asyncio.to_thread(bring.watched, place)
        url = f"/api/v1/runs/{run_id}"
        async with asyncio.timeout(30):
            while (await served.client.get(url)).json().get("jobs", {}).get("running") != 2:
                await asyncio.sleep(0.1)  # b too, whose command is not there yet
        with pytest.raises(Failed, match="followed already"):
            await asyncio.to_thread(bring.watched, place)
        log.write(text[middle:])
    async with asyncio.timeout(30):
        while (run := (await served.client.get(url)).json())["status"] == "running":
            await asyncio.sleep(0.1)
    assert (run["status"], run["jobs"]["succeeded"], run["jobs"]["failed"], run["imported"]) == ("failed", 2, 1, True)
    assert [one.outcome for one in await brought(place)] == ["known"]
    with pytest.raises(Failed, match="no run of yours goes on"):
        await asyncio.to_thread(bring.watched, place)


async def test_a_log_that_is_removed_while_it_is_written_is_followed_to_its_end(
    served: Served, reach: None, tmp_path: Path
) -> None:
    place = directory(tmp_path)
    text = RETRIED.read_text()
    with (place / ".snakemake" / "log" / RETRIED.name).open("w") as log:
        log.write(text[:3_000])
        log.flush()
        run_id = await asyncio.to_thread(bring.watched, place)
        Path(log.name).unlink()
        await asyncio.sleep(1.5)  # it is not taken for over meanwhile
        log.write(text[3_000:])
    async with asyncio.timeout(30):
        while (run := (await served.client.get(f"/api/v1/runs/{run_id}")).json())["status"] == "running":
            await asyncio.sleep(0.1)
    assert (run["status"], run["jobs"]["succeeded"], run["jobs"]["failed"]) == ("failed", 2, 1)


def said(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What plugin and log should agree on."""
    facts = ("rule", "inputs", "outputs", "logs", "wildcards", "threads", "local", "command", "reason", "benchmark")
    return {
        "infos": sorted(
            json.dumps([event["job"], {name: event.get(name) for name in facts}])
            for event in snakemake.of(events, "job_info")
        ),
        "finished": sorted(event["job"] for event in snakemake.of(events, "job_finished")),
        "errors": [(event["job"], event.get("exit_code")) for event in snakemake.of(events, "job_error")],
        "stats": [event["stats"] for event in snakemake.of(events, "run_info")],
        "outcome": [event.get("outcome", "succeeded") for event in snakemake.of(events, "run_ended")],
    }


@pytest.mark.parametrize(
    ("workflow", "options"),
    [
        ("keepgoing", ("--keep-going", "--retries", "1", "--latency-wait", "1", "-c1", "-p", "all2")),
        pytest.param("diamond", ("-p",), marks=pytest.mark.all),
        pytest.param("checkpoint", ("-p",), marks=pytest.mark.all),
        pytest.param("fanout", ("-p",), marks=pytest.mark.all),
    ],
)
async def test_the_log_agrees_with_the_plugin(
    workflow: str, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # Snakemake and we are in the same zone
    time.tzset()
    os.chdir(tmp_path)
    place = snakemake.prepared(workflow)
    await asyncio.to_thread(snakemake.snakemake, place, *options)
    (log,) = archive.logs(place)
    assert archive.recorded(log) is not None
    events = [json.loads(wire.encode(event, seq=1, at=at)) for event, at in archive.events(log)]
    assert said(events) == said(snakemake.spooled(place))
