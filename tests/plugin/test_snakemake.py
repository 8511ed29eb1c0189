"""Real Snakemake runs with a server that is not there: same outcome as without the plugin, and a complete spool."""

from __future__ import annotations

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import invocation

from tests.plugin.peer import Peer

WORKFLOWS = Path(__file__).parent.parent / "workflows"
SNAKEMAKE = [sys.executable, "-m", "snakemake", "-c2"]
# What differs between any two runs.
VARYING = re.compile(
    r"^\[\w{3} \w{3} .*\]$|^\s*(Date|Workflow ID|Command): .*$|\d{4}-\d\d-\d\dT\d{6}\.\d+|^Elapsed time: .*$"
    r"|^\s*reason: .*$"  # a reason lists files in the order of a set
    r"|^Execute \d+ jobs\.\.\.$|^Select jobs to execute\.\.\.$",  # how many at once is the scheduler's timing
    re.MULTILINE,
)
OURS = re.compile("flowo: .*")
RARE = pytest.mark.all  # each start of Snakemake takes 3 s of a core


def prepared(name: str, folder: str = "run") -> Path:
    place = Path(folder).absolute()
    shutil.copytree(WORKFLOWS / name, place)
    return place


def environment() -> dict[str, str]:
    url = os.environ.get("FLOWO_URL", "http://127.0.0.1:9")
    # Snakemake lists resources in the order of a set.
    return {**os.environ, "FLOWO_URL": url, "FLOWO_TOKEN": "t", "PYTHONHASHSEED": "0"}


def snakemake(place: Path, *options: str, plugin: bool = True) -> subprocess.CompletedProcess[str]:
    command = [*SNAKEMAKE, *options, *(["--logger", "flowo"] if plugin else [])]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, env=environment(), timeout=150, check=False
    )


def said(text: str) -> list[str]:
    """The lines that two runs have in common, in no order.

    Ours are whole ones, wherever they stand: another process may be in the middle of a line.
    """
    return sorted(filter(str.strip, VARYING.sub("", re.sub("flowo: .*\n?", "", text)).split("\n")))


def spooled(place: Path) -> list[dict[str, Any]]:
    (spool,) = (place / ".snakemake" / "flowo").glob("*.jsonl")
    events = [json.loads(line) for line in spool.read_bytes().splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["kind"] == kind]


def linked(graph: dict[str, Any]) -> set[tuple[str, str]]:
    """The pairs of rules of which the second needs the first; in their order each comes behind what it needs."""
    nodes = graph["nodes"]
    assert len(set(nodes)) == len(nodes)
    assert all(source < target for source, target in graph["links"])
    return {(nodes[source], nodes[target]) for source, target in graph["links"]}


def planned(events: list[dict[str, Any]]) -> collections.Counter[str]:
    """The rules of the last generation of the plan."""
    plans = of(events, "plan")
    last = max(plan.get("generation", 1) for plan in plans)
    jobs = [job for plan in plans if plan.get("generation", 1) == last for job in plan["jobs"]]
    assert len({job["job"] for job in jobs}) == len(jobs)
    ids = {job["job"] for job in jobs}
    assert all(set(job.get("needs", ())) <= ids for job in jobs)
    return collections.Counter(job["rule"] for job in jobs)


@pytest.mark.parametrize(
    ("workflow", "options", "outcome"),
    [
        ("diamond", ("-c1",), "succeeded"),  # its scripts print, so one after the other
        ("fail", (), "failed"),
        pytest.param("keepgoing", ("--keep-going",), "failed", marks=RARE),
        pytest.param("missinginput", (), "failed", marks=RARE),
        ("syntaxerr", (), "failed"),
    ],
)
def test_the_run_is_as_without_the_plugin(workflow: str, options: tuple[str, ...], outcome: str) -> None:
    place = prepared(workflow)
    without = snakemake(place, *options, plugin=False)
    files = {
        path: path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".snakemake" not in path.parts and "bench" not in str(path)
    }
    shutil.rmtree(place)
    prepared(workflow)
    run = snakemake(place, *options)
    assert run.returncode == without.returncode
    assert VARYING.sub("", run.stdout) == VARYING.sub("", without.stdout)
    assert said(run.stderr) == said(without.stderr)
    assert {
        path: path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".snakemake" not in path.parts and "bench" not in str(path)
    } == files
    assert 1 <= len(OURS.findall(run.stderr)) <= 2
    events = spooled(place)
    assert events[0]["kind"] == "run_opened"
    assert events[-1]["kind"] == "run_ended"
    assert events[-1].get("outcome", "succeeded") == outcome
    if of(events, "run_info"):
        assert planned(events) == of(events, "run_info")[0]["stats"]


def test_the_plan_is_taken_again_after_a_checkpoint_and_quiet_hides_nothing() -> None:
    place = prepared("scatter")
    assert snakemake(place, "-c1", "--quiet").returncode == 0
    events = spooled(place)
    plans = of(events, "plan")
    assert [plan.get("generation", 1) for plan in plans] == [1, 2, 3]
    assert planned(events) == {"all": 1, "prepare": 2, "split": 2, "part": 4, "whole": 2}
    before, *_, after = (linked(graph) for graph in of(events, "rulegraph"))
    assert ("part", "whole") not in before
    assert after >= {("prepare", "split"), ("part", "whole"), ("whole", "all")}
    finished = of(events, "job_finished")
    assert {event["evidence"] for event in finished} == {"observed"}
    assert sorted(event.get("job", 0) for event in finished) == sorted(
        event.get("job", 0) for event in of(events, "job_info")
    )
    for plan in plans:  # what has run stays in the plan, with what it needed
        ran = {event.get("job", 0) for event in finished if event["seq"] < plan["seq"]}
        rules = {job["job"]: job["rule"] for job in plan["jobs"]}
        assert ran <= rules.keys()
        needed = [[rules[need] for need in job.get("needs", ())] for job in plan["jobs"] if job["rule"] == "split"]
        assert needed == [["prepare"]] * 2


@RARE  # Snakemake looks into a queue every ten seconds
@pytest.mark.parametrize("options", [("--dry-run", "--logger-flowo-dry-run"), ()])
def test_the_plan_grows_with_what_a_queue_brings(options: tuple[str, ...]) -> None:
    place = prepared("queue")
    run = snakemake(place, *options)
    assert run.returncode == 0, run.stderr
    assert planned(spooled(place)) == {"all": 1, "one": 3}


@pytest.mark.parametrize("options", [("--until", "left"), pytest.param(("--omit-from", "left"), marks=RARE)])
def test_the_plan_holds_what_this_invocation_runs(options: tuple[str, ...]) -> None:
    place = prepared("diamond")
    assert snakemake(place, *options).returncode == 0
    events = spooled(place)
    stats = of(events, "run_info")[0]["stats"]
    assert planned(events) == stats
    assert len(of(events, "job_finished")) == sum(stats.values())


def test_nothing_to_be_done_and_a_dry_run() -> None:
    place = prepared("linear")
    assert snakemake(place, "--dry-run").returncode == 0
    assert snakemake(place, plugin=False).returncode == 0
    assert not (place / ".snakemake" / "flowo").exists()
    assert snakemake(place).returncode == 0
    events = spooled(place)
    assert not of(events, "job_info")
    assert linked(of(events, "rulegraph")[0])  # what is up to date has a graph too
    assert events[-1].get("outcome", "succeeded") == "succeeded"


@pytest.mark.parametrize(
    "options",
    [("--lint",), *(pytest.param((name,), marks=RARE) for name in ("--unlock", "--summary", "--dag", "--list"))],
)
def test_what_runs_nothing_is_no_run(options: tuple[str, ...]) -> None:
    place = prepared("linear")
    run = snakemake(place, *options)
    assert "flowo:" not in run.stderr
    assert not (place / ".snakemake" / "flowo").exists()


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ("-c1 all", True),
        ("-c1 --report r.html", False),
        ("-c1 --report=r.html", False),
        ("-c1 --report-after-run --report r.html", True),
        ("-c1 --report-after-run --report r.html --dag", False),
        ("-c1 -- --dag", True),
        ("-l", False),
    ],
)
def test_a_command_line_tells_whether_jobs_are_run(options: str, runs: bool) -> None:
    assert invocation.runs_jobs(["snakemake", *options.split()]) is runs


def test_a_logs_tail_comes_with_the_failure() -> None:
    place = prepared("fail")
    snakemake(place)
    (snapshot,) = of(spooled(place), "log_snapshot")
    assert snapshot["tail"] == "boom line1\nline2\n"


def test_each_attempt_leaves_its_logs_and_inputs() -> None:
    place = prepared("traces")
    assert snakemake(place, "-c1").returncode == 1
    events = spooled(place)
    rules = {event.get("job", 0): event["rule"] for event in of(events, "job_info")}
    logs = [
        (rules[event["job"]], event.get("attempt", 1), event["path"], event.get("tail"), event.get("note"))
        for event in of(events, "log_snapshot")
    ]
    assert [log[:3] for log in logs] == [
        ("grown", 1, "logs/grown.out"), ("grown", 1, "logs/grown.err"), ("gone", 1, "logs/gone.log"),
    ]  # fmt: skip
    assert logs[0][3] == "try 100\n" or logs[0][4] == "attempt 2 had begun before this was read"
    assert logs[2][3] == "reading\nMemoryError: 3 GiB wanted\n"
    (first, last) = of(events, "input_snapshot")
    assert first["files"] == [{"path": "start.txt", "size": 6}]
    assert last["files"] == [{"path": "start.txt", "missing": True}, {"path": "grown.txt", "size": 6}]
    assert [event.get("exit_code", event.get("signal")) for event in of(events, "job_error")] == [4, 9]
    found = {rules[event["job"]]: event for event in of(events, "job_figures")}
    assert {rule: (event.get("attempt", 1), len(event["rows"])) for rule, event in found.items()} == {
        "start": (1, 2),
        "grown": (2, 1),
    }
    assert all(row["s"] >= 0 for event in found.values() for row in event["rows"])  # a short job's are rounded to 0


@pytest.mark.parametrize(
    ("number", "to_group", "outcome"),
    [
        (signal.SIGINT, True, "interrupted"),
        pytest.param(signal.SIGINT, False, "interrupted", marks=RARE),
        (signal.SIGTERM, False, "interrupted"),
        pytest.param(signal.SIGKILL, False, None, marks=RARE),
    ],
)
def test_signals(number: signal.Signals, to_group: bool, outcome: str | None) -> None:
    place = prepared("signals")
    process = subprocess.Popen(
        [*SNAKEMAKE, "--logger", "flowo"],
        cwd=place, env=environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not any(b'"job_info"' in path.read_bytes() for path in (place / ".snakemake" / "flowo").glob("*.jsonl")):
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(0.5)
        if to_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(60)
    finally:
        if process.poll() is None or number == signal.SIGKILL:
            os.killpg(process.pid, signal.SIGKILL)  # the jobs that Snakemake leaves behind
            process.wait()
    events = spooled(place)
    if outcome is None:
        assert not of(events, "run_ended")
    else:
        assert events[-1]["outcome"] == outcome


def test_the_library_and_an_exception_that_is_not_the_runs_own() -> None:
    place = prepared("linear")
    program = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, ResourceSettings, DAGSettings
from snakemake_logger_plugin_flowo import LogHandlerSettings
for target in ("a.txt", "c.txt"):
    try:
        raise ValueError("of the caller")
    except ValueError:
        with SnakemakeApi(OutputSettings(log_handler_settings={"flowo": LogHandlerSettings(name=target)})) as api:
            flow = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile"))
            flow.dag(dag_settings=DAGSettings(targets={target})).execute_workflow()
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=150,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    spools = [
        [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted((place / ".snakemake" / "flowo").glob("*.jsonl"))
    ]
    assert [(events[0]["name"], len(of(events, "job_finished"))) for events in spools] == [("a.txt", 1), ("c.txt", 2)]
    assert [events[-1].get("outcome", "succeeded") for events in spools] == ["succeeded", "succeeded"]
    assert [len(of(events, "plan")) for events in spools] == [1, 1]


def test_what_a_program_catches_has_failed_and_what_it_only_tries_is_no_run() -> None:
    place = prepared("linear")
    with (place / "Snakefile").open("a") as file:
        file.write('rule bad:\n    output: "bad.txt"\n    shell: "exit 3"\n')
        file.write('rule gone:\n    input: "nowhere.txt"\n    output: "gone.txt"\n    shell: "true"\n')
    program = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, ResourceSettings, DAGSettings
from snakemake_logger_plugin_flowo import LogHandlerSettings
for executors, target in (("dryrun touch", "a.txt"), ("dryrun", "gone.txt"), ("local", "bad.txt"), ("local", "gone.txt")):
    ours = LogHandlerSettings(name=executors + " " + target)
    with SnakemakeApi(OutputSettings(log_handler_settings={"flowo": ours})) as api:
        try:
            flow = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile"))
            dag = flow.dag(dag_settings=DAGSettings(targets={target}))
            for executor in executors.split():
                dag.execute_workflow(executor=executor)
        except Exception as error:
            print(type(error).__name__)
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=150,
        check=False,
    )
    assert run.stdout.split() == ["MissingInputException", "WorkflowError", "MissingInputException"], run.stderr
    spools = [
        [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted((place / ".snakemake" / "flowo").glob("*.jsonl"))
    ]
    assert [(spool[0]["name"], spool[0].get("touch"), spool[-1].get("outcome")) for spool in spools] == [
        ("dryrun touch a.txt", True, None),  # of what succeeded the outcome is left out
        ("local bad.txt", None, "failed"),
        ("local gone.txt", None, "failed"),
    ]
    assert [len(of(spool, "job_info")) for spool in spools] == [1, 1, 0]
    assert [len(of(spool, "plan")) for spool in spools] == [1, 1, 0]
    assert [len(of(spool, "rule")) for spool in spools] == [1, 1, 0]
    assert [str(spool[-1].get("message")).split()[0] for spool in spools] == ["None", "Exiting", "Snakemake"]


def test_a_place_that_cannot_be_written(home: Path) -> None:
    place = prepared("linear")
    (place / ".snakemake").mkdir()
    (place / ".snakemake" / "flowo").write_text("in the way")
    assert snakemake(place).returncode == 0
    (spool,) = (home / "state" / "flowo" / "spool").glob("*.jsonl")
    assert b'"run_ended"' in spool.read_bytes()


@RARE
def test_a_file_system_without_locks_and_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import errno, fcntl, os\n"
        "def refuse(*args, **named): raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))\n"
        "fcntl.flock = fcntl.lockf = os.link = os.symlink = refuse\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    place = prepared("linear")
    run = snakemake(place)
    assert run.returncode == 0, run.stderr
    assert spooled(place)[-1]["kind"] == "run_ended"


def test_a_live_server_has_everything_and_its_link_is_shown(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", peer.url)
    place = prepared("diamond")
    run = snakemake(place, "--logger-flowo-tags", "a, b", "--logger-flowo-name", "night", "--config", "my_token=hidden")
    assert run.returncode == 0
    assert peer.events() == spooled(place)
    opened = peer.events()[0]
    assert (opened["name"], opened["tags"]) == ("night", ["a", "b"])
    assert "hidden" not in json.dumps(peer.events())
    first, last = OURS.findall(run.stderr)
    assert first.startswith(f"flowo: recording this run, see {peer.url}/runs/")
    assert last.startswith("flowo: succeeded, 9 of 9 jobs finished; http://")


def test_an_output_that_is_not_as_declared_fails_its_job_and_a_group_names_whom_to_blame() -> None:
    place = prepared("retries")
    assert snakemake(place, "--keep-going", "--latency-wait", "1").returncode == 1
    events = spooled(place)
    rules = {event["job"]: event["rule"] for event in of(events, "job_info")}
    failed = collections.Counter(rules[event["job"]] for event in of(events, "job_error"))
    assert failed == {"grows": 2, "late": 1, "never": 2, "run": 1, "script": 1, "spoilt": 1, "killed": 1}
    assert {rules[event["job"]] for event in of(events, "job_finished")} == {"grows", "late"}
    memory = [event["resources"]["mem_mb"] for event in of(events, "job_info") if event["rule"] == "grows"]
    assert memory == [100, 200, 300]
    place = prepared("brokenpipe", "piped")
    assert snakemake(place, "-c4").returncode == 1
    first = of(spooled(place), "job_error")[0]
    assert (first["rule"], first["exit_code"]) == ("prod", 3)
