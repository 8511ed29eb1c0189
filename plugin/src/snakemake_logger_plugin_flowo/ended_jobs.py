"""Jobs that have ended: their failures, for the verdict, and what is looked at then, by the attendant."""

from __future__ import annotations

import collections
import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.translate import Translator

if TYPE_CHECKING:
    from snakemake_logger_plugin_flowo.members import Group

FAILURES = 1_000  # jobs of which the first failure is remembered


class EndedJobs:
    """`ask` has the attendant do something; `kept`: bytes of each log of a failed job, none for no look at them;
    `touch`: outputs are only touched, and benchmarks those of another run. What reads files is imported when needed."""

    def __init__(
        self, ask: Callable[..., bool], translator: Translator, directory: Path, *, kept: int, touch: bool
    ) -> None:
        self._ask = ask
        self._translator = translator
        self._directory = directory
        self._kept = kept
        self._touch = touch
        self._failures: dict[int, wire.JobError] = {}  # the first of each job, in their order
        self._groups: list[Group] = []  # that failed, and whose jobs' errors are being heard
        self._benchmarks: collections.deque[tuple[int, int, str]] = collections.deque()  # to be read

    def first(self) -> wire.JobError | None:
        """The first failure that was not made good."""
        finished = self._translator.finished
        return next((failure for job, failure in self._failures.items() if job not in finished), None)

    def group_failed(self, event: wire.GroupError, at: float) -> None:
        """Its jobs' errors come next; who is to blame is looked for behind the last of them."""
        from snakemake_logger_plugin_flowo.members import Group, Member

        known = self._translator
        found = {
            job: Member(handed.rule, handed.outputs, handed.command, known.attempts.get(job, 1))
            for job in event.jobs
            if (handed := known.open.get(job))
        }
        log = next((logs[-1] for job in found if (logs := known.cluster_logs.get(job))), None)
        if len(found) > 1:
            self._groups.append(Group(found, log if self._kept > 0 else None, at))

    def failed(self, event: wire.JobError) -> None:
        """Have the logs and inputs of the attempt looked at."""
        from snakemake_logger_plugin_flowo import traces

        if len(self._failures) < FAILURES:
            self._failures.setdefault(event.job, event)
        attempts, files = self._translator.attempts, self._translator.files.pop(event.job, None)
        groups = [group for group in self._groups if event.job in group.waits]
        of = traces.Attempt(
            job=event.job,
            attempt=attempts.get(event.job, 1),
            logs=event.logs,
            cluster_logs=event.cluster_logs,
            inputs=files.inputs if files else [],
            inputs_total=files.inputs_total if files else 0,
            directory=self._directory,
            within=frozenset(output for group in groups for output in group.outputs),
        )
        for group in groups:
            group.waits.discard(event.job)
            if not group.waits:
                self._groups.remove(group)
            if not group.waits and group.log is not None:
                self._ask(functools.partial(self._blame, group))
        kept = self._kept
        self._ask(
            lambda: traces.snapshots(of, kept, lambda job: attempts.get(job, 0)),
            lambda reason: traces.missed(of, reason) if kept > 0 else [],
        )

    def _blame(self, group: Group) -> list[wire.Event]:
        """Told by the attendant, beside all else: for the verdict too."""
        events = group.told(self._directory)
        blamed = {
            event.job: wire.JobError(job=event.job, rule=group.members[event.job].rule, message=event.message,
                                     exit_code=event.exit_code, signal=event.signal)
            for event in events
            if event.outcome == "failed"
        }  # fmt: skip
        if blamed:
            stand: dict[int, wire.JobError] = {}
            for job, failure in list(self._failures.items()):
                stand.update(blamed if job in group.members else {job: failure})
            self._failures = stand
        return list(events)

    def finished(self, job: int) -> None:
        files = self._translator.files.pop(job, None)
        if files is not None and files.benchmark is not None:
            self.benchmarked(job, files.benchmark)

    def benchmarked(self, job: int, file: str) -> None:
        """Have its benchmark file read: with those of other jobs, by a task that waits already."""
        if self._touch:
            return
        self._benchmarks.append((job, self._translator.attempts.get(job, 1), file))
        if len(self._benchmarks) == 1 and not self._ask(self._figures):
            self._benchmarks.clear()

    def _figures(self) -> list[wire.Event]:
        from snakemake_logger_plugin_flowo.figures import figures

        found: list[wire.Event] = []
        with contextlib.suppress(IndexError):
            while True:
                found.append(figures(self._directory, *self._benchmarks.popleft()))
        return found
