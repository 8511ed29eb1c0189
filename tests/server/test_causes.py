"""What programs, kernels and queues really say when a job ran out of memory or time or was cancelled; and what only
looks like it."""

from __future__ import annotations

import signal

import pytest

from flowo.runs.causes import Ending, failure_class

OOM = """\
slurmstepd: error: Detected 1 oom-kill event(s) in step 34.0 cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler.
slurmstepd: error: Detected 2 oom_kill events in StepId=48.13. Some of the step tasks have been OOM Killed.
srun: error: n1: task 0: Out Of Memory
slurmstepd: error: Exceeded job memory limit at some point.
slurmstepd: error: Job 123 exceeded memory limit (1234 > 1024), being killed
TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.
=>> PBS: job killed: mem 1234kb exceeded limit 1000kb
=>> PBS: job killed: vmem 1234kb exceeded limit 1000kb
job 123.1 exceeds job hard limit "h_vmem" of queue "all.q@n1" (1.2G > limit:1.0G) - sending SIGKILL
Error from slot1@n1: Job has gone over memory limit of 1024 megabytes.
Last state: OOMKilled
[  123] Memory cgroup out of memory: Killed process 123 (python)
bash: fork: Cannot allocate memory
OSError: [Errno 12] Cannot allocate memory
Could not allocate memory
samtools sort: couldn't allocate memory for bam_mem
[E::sort] failed to allocate 123456 bytes
EXITING because of fatal ERROR: not enough memory for BAM sorting
Out of memory!
MemoryError
numpy.core._exceptions._ArrayMemoryError: Unable to allocate 3.20 GiB for an array with shape (1,)
Unable to allocate 3.20 GiB for an array with shape (1,)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB
Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
There is insufficient memory for the Java Runtime Environment to continue.
Could not reserve enough space for 4194304KB object heap
Error: cannot allocate vector of size 2.1 Gb
Error: cannot allocate memory block of size 134217728 Tb
Error: vector memory exhausted (limit reached?)
Error: vector memory limit of 16.0 Gb reached, see mem.maxVSize()
terminate called after throwing an instance of 'std::bad_alloc'
memory allocation of 123456 bytes failed
fatal error: runtime: out of memory
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
ERROR: LoadError: OutOfMemoryError()"""
TIMEOUT = """\
slurmstepd: error: *** JOB 48 ON n1 CANCELLED AT 2026-11-01T10:00:00 DUE TO TIME LIMIT ***
TERM_RUNLIMIT: job killed after reaching LSF run time limit.
TERM_CPULIMIT: job killed after reaching LSF CPU usage limit.
=>> PBS: job killed: walltime 3642 exceeded limit 3600
=>> PBS: job killed: cput 3642 exceeded limit 3600
job 123.1 exceeded hard wallclock time - initiate terminate method
failed       37  : qmaster enforced h_rt, h_cpu, or h_vmem limit
job exceeded its walltime
Job exceeded allowed execute duration of 1+00:00:00
timeout: sending signal TERM to command 'sleep'"""
CANCELLED = """\
slurmstepd: error: *** STEP 48.0 ON n1 CANCELLED AT 2026-11-01T10:00:00 ***
slurmstepd: error: *** STEP 48.0 ON n1 CANCELLED AT 2026-11-01T10:00:00 DUE to SIGNAL Terminated ***
TERM_OWNER: job killed by owner.
TERM_FORCE_OWNER: job killed by owner without time for cleanup.
TERM_ADMIN: job killed by root or LSF administrator.
job deleted at request of eve@login"""
NOTHING = """\
Using 4 GiB of memory
max memory: 1234 bytes allocated
INFO Memory limit is 4 GiB
allocating memory for index
cannot allocate more threads
unable to allocate port 8080
oom_kill 0
slurmstepd: Detected 0 oom_kill events
docker run --oom-kill-disable x
sort --out-of-memory x --timeout 30
slurmstepd: error: xcgroup_instantiate: unable to create cgroup '/slurm/uid_81' : Cannot allocate memory
If you run out of memory, use --low
This could fail with out of memory
WARNING: out of memory on the GPU, falling back to the CPU
+ java -XX:+ExitOnOutOfMemoryError
Connection timed out
Solver: time limit 3600 reached
the job's walltime is 3600
123 Killed"""


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        *(("oom", line) for line in OOM.splitlines()),
        *(("timeout", line) for line in TIMEOUT.splitlines()),
        *(("cancelled", line) for line in CANCELLED.splitlines()),
    ],
)
def test_a_log_that_says_it(kind: str, line: str) -> None:
    logs = [f"begin\n{line}\nend"]
    assert failure_class(Ending(exit_code=1, logs=logs)) == (kind, f"log: {line}")
    assert failure_class(Ending(signal=9, cluster_logs=logs)) == (kind, f"cluster log: {line}")


@pytest.mark.parametrize("line", NOTHING.splitlines())
def test_a_log_that_only_mentions_it(line: str) -> None:
    assert failure_class(Ending(exit_code=1, logs=[f"begin\n{line}\nend"])) == ("nonzero_exit", "exit code 1")


@pytest.mark.parametrize(
    ("command", "code", "evidence"),
    [
        ("timeout 5 sleep 10", 124, "exit code 124 of `timeout 5`"),
        ("x; timeout -k 5 10s x | y", 124, "exit code 124 of `timeout -k 5 10s`"),
        ("/usr/bin/timeout --signal=KILL 10m x", 124, "exit code 124 of `/usr/bin/timeout --signal=KILL 10m`"),
        ("timeout --foreground -k5s $LIMIT x", 124, "exit code 124 of `timeout --foreground -k5s $LIMIT`"),
        ("timeout 5 x", 1, None),
        ("x", 124, None),
        ("curl --timeout 30 x", 124, None),
        ("my-timeout 3 x", 124, None),
        ("timeout" + " -k5" * 5_000, 124, None),  # in no time at all
    ],
)
def test_the_command_timeout_ends_with_a_code_of_its_own(command: str, code: int, evidence: str | None) -> None:
    said = f"CalledProcessError in file S, line 6:\nCommand 'set -euo pipefail;  {command}' returned non-zero exit status {code}."
    expected = ("timeout", evidence) if evidence else ("nonzero_exit", f"exit code {code}")
    assert failure_class(Ending(exit_code=code, message=said)) == expected
    assert failure_class(Ending(exit_code=code, cluster_logs=[said])) == expected


def test_a_command_that_a_cluster_log_repeats_is_no_evidence() -> None:
    command = "java -jar x || echo MemoryError\n        echo 'out of memory'"
    log = (
        f"RuleException:\nCalledProcessError in file S, line 6:\nCommand 'set -e;  {command}' returned non-zero exit status 3.\n"
        f"[Wed Nov 25 14:16:41 2026]\nError in rule b:\n    jobid: 0\n    shell:\n        {command}\n"
        "        (command exited with non-zero exit code)\n"
    )
    assert failure_class(Ending(exit_code=3, cluster_logs=[log])) == ("nonzero_exit", "exit code 3")
    told = "slurmstepd: error: Detected 1 oom_kill event in StepId=48.0."
    assert failure_class(Ending(exit_code=3, cluster_logs=[f"{log}{told}\n{log}"])) == ("oom", f"cluster log: {told}")


def test_a_signal_and_an_exception_that_say_it() -> None:
    evidence = "killed by SIGXCPU: its limit of CPU time was reached"
    assert failure_class(Ending(signal=signal.SIGXCPU)) == ("timeout", evidence)
    assert failure_class(Ending(exit_code=128 + signal.SIGXCPU)) == ("timeout", evidence)
    assert failure_class(Ending(exception="MemoryError", message="it failed")) == ("oom", "MemoryError")
