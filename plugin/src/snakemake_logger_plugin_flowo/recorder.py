"""The record of one run: hears Snakemake's log records, writes the spool, and says how it ended."""

from __future__ import annotations

import collections
import contextlib
import functools
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import (
    dag,
    data,
    definition,
    ending,
    invocation,
    listening,
    mask,
    plain,
    translate,
    verdict,
    wire,
)
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo.say import say

VERSION = "3.0.0"
BUFFERED = 10_000  # records before it is clear that this is a run; the oldest go first
WAITING = 50  # records that are taken in along with the next one at most
SLOW = 0.05  # s that a record took
SLOW_FOR = 60.0  # s
ATTENDANT_AT_EXIT = 1.0  # s that logs and git may still take when Snakemake has ended
FOLLOWER_AT_EXIT = 0.2  # s that the last lines of a log may take when somebody watches it


class Recorder:
    """Belongs to one handler. `hear` is called in the listener's thread, `here` in the one that logs, `close` in the
    main one."""

    def __init__(self, handler: logging.Handler, settings: Any, common: Any) -> None:
        quiet = {str(getattr(what, "name", what)).lower() for what in (getattr(common, "quiet", None) or ())}
        self.dry_run = bool(getattr(common, "dryrun", False))
        self.run_id = spools.uuid7()
        self.spool: spools.Spool | None = None
        self.sender: Any = None
        self.attendant: Any = None
        self.follower: Any = None
        self.pid = os.getpid()
        self.closed = False
        os.register_at_fork(after_in_child=functools.partial(_forked, weakref.ref(self)))
        self._settings = settings
        self._early: collections.deque[logging.LogRecord] = collections.deque(maxlen=BUFFERED)
        self._translator = translate.Translator(files=not self.dry_run)
        self._lock = threading.RLock()  # the run may be ended amid a record: by what a signal's handler raises or does
        self._ending = ending.Ending()
        self._jobs: Any = None
        self._faults = 0
        self._directory = Path.cwd()
        plugins = getattr(common, "log_handler_settings", None)
        self.mask = mask.Mask([*mask.of_argv(sys.argv), *mask.of_environment(), *mask.of_settings(plugins)])
        self._opened = invocation.opened(
            name=getattr(settings, "name", None),
            tags=getattr(settings, "tags", None),
            workspace=getattr(settings, "workspace", None),
            dry_run=self.dry_run,
            heartbeat=15.0,
            version=VERSION,
            flags=mask.flags_of(plugins),
            profiles=definition.profiles(),
        )
        self._findings: Any = None
        self._began = time.time()
        self.watch = dag.Watch(
            plan=not getattr(settings, "no_plan", False),
            quiet="progress" in quiet,
            dry_run=self.dry_run,
            config=not getattr(settings, "no_config", False),
            code=not getattr(settings, "no_code", False),
            alone=isinstance(plugins, Mapping) and len(plugins) == 1,
        )
        self._only_tried = False  # what goes on is a dry run that is not to be recorded
        self._taken_over = False
        self._steady = False  # nothing has to be done for each record but to write it down
        self._plain: Any = None  # does it then
        self._thread = threading.get_ident()  # Snakemake's
        self._busy = False  # `here` hears a record
        self._slow_until = 0.0  # until when it leaves them to the listener
        # Records that say nothing without the next one, which comes at once: taken in along with that.
        self._waiting: list[logging.LogRecord] = []
        self._last: logging.LogRecord | None = None
        self._listening = listening.Listening(handler, self._hear_over, lambda record: record is self._last)
        self.watch.install()

    def hear(self, record: logging.LogRecord) -> None:
        """One record of Snakemake's; nothing is raised."""
        try:
            event = record.__dict__.get("event")
            if event in dag.UNHEARD:
                self._ending.failed = False
                return
            self._last = record
            if self._steady and (event == "job_started" or (event is None and record.msg == dag.SELECTING)):
                self._waiting.append(record)
                if len(self._waiting) >= WAITING:
                    self._take_in_all()
                return
            if self._waiting:
                self._take_in_all()
            self._take_in(record, event)
        except Exception as error:  # a record that cannot even be looked at
            self.missed(error)

    def _take_in(self, record: logging.LogRecord, event: str | None) -> None:
        try:
            if not self._steady or not self._hear_plain(record, event):
                self._hear(record, event)
            if self.sender is not None and self.sender.lines:  # between two lines of Snakemake's
                self.sender.speak()
        except Exception as error:  # costs this record; the next one may be fine
            self.missed(error)

    def _take_in_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for record in waiting:
            self._take_in(record, record.__dict__.get("event"))

    def here(self, record: logging.LogRecord) -> bool:
        """As `hear`, in the thread that logs and has nobody else to hear it; False where it has to be queued: behind
        what is queued already, and for what takes its time."""
        if not self._steady or self._busy or threading.get_ident() != self._thread:
            return False
        # Those that wait were queued, too. In this order: the listener lays a record there before it is done with it.
        if getattr(self.watch.queue, "unfinished_tasks", 1) or self._waiting:
            return False
        began = time.monotonic()
        if began < self._slow_until:
            return False
        self._busy = True  # else a signal's handler that logs would write amid the record
        try:
            event = record.__dict__.get("event")
            if not self._plain.quick(record, event) or not self._hear_plain(record, event):
                return False
            if self.sender.lines:
                self.sender.speak()
        except Exception as error:
            self.missed(error)
        finally:
            self._busy = False
        if (now := time.monotonic()) > began + SLOW:  # a disk that stalls is to stall the listener only
            self._slow_until = now + SLOW_FOR
        return True

    def _hear_plain(self, record: logging.LogRecord, event: str | None) -> bool:
        """What most records of a steady run are; False, and nothing done, for all else."""
        if self.watch.snapshots or self.watch.params or self._translator.held or not self._plain.hear(record, event):
            return False
        self._ending.failed = False
        return True

    def _take_up(self) -> None:
        """What a Ctrl-C has left of a record that was heard where it was logged."""
        if self._plain is not None:
            try:
                self._plain.take_up()
            except Exception as error:
                self.missed(error)

    def _hear(self, record: logging.LogRecord, event: str | None) -> None:
        if self.closed:
            return
        self._ending.hear(record, event)
        with self._lock:
            self._take_up()
            if self.spool is None:
                self._listening.begin()
                if event == "workflow_started":
                    self._see_purpose(record)
                if self._only_tried:
                    return
                self._early.append(record)
                if event == "workflow_started" or event == "error":
                    self._open(record)
                return
            self._record(record)

    def _see_purpose(self, record: logging.LogRecord) -> None:
        """What the execution that begins is for, where a program says it to Snakemake only."""
        purpose = getattr(record, dag.PURPOSE, None)
        self._opened = self._opened.replace(touch=self._opened.touch or purpose == "touch")
        if purpose == "dryrun" and not self.dry_run:
            if getattr(self._settings, "dry_run", False):
                self.dry_run, self._opened = True, self._opened.replace(dry_run=True)
                self._translator = translate.Translator(files=False)
            else:
                self._only_tried = True
                self._early.clear()
        elif self._only_tried:
            self._only_tried = False
            while self.watch.snapshots and self.watch.snapshots[0].at < record.created:
                self.watch.snapshots.popleft()

    def _hear_over(self, record: logging.LogRecord) -> None:
        """A record that the listener did not bring, since another plugin's failure has ended it."""
        if not self._taken_over:
            self._taken_over = True
            said = logging.LogRecord(record.name, logging.WARNING, "", 0, listening.TAKEN_OVER, None, None)
            said.created, failed = record.created, self._ending.failed
            self.hear(said)
            self._ending.failed = failed  # it is none of what Snakemake said last
        self.hear(record)

    def missed(self, error: Exception) -> None:
        """A record could not be taken in: said once, counted in the spool."""
        self._faults += 1
        with contextlib.suppress(Exception):
            if self._faults == 1:
                say(f"a log record is not recorded ({type(error).__name__}: {error})")
            if self.spool is not None and not self.closed:  # nor by a forked child
                self.spool.append(wire.Gap(count=1, reason=f"a log record was not taken in: {error!r}"), time.time())

    def _open(self, record: logging.LogRecord | None) -> None:
        """It is a run: make the spool, start what ships it, and take in what came before."""
        from snakemake_logger_plugin_flowo import config

        home = str(getattr(record, "rundir", None) or "")
        self._directory = Path(home if os.path.isdir(home) else os.getcwd())
        places = [self._directory / ".snakemake" / "flowo", spools.state_home() / "spool"]
        early, self._early = list(self._early), collections.deque(maxlen=0)
        at = early[0].created if early else time.time()
        url = getattr(self._settings, "url", None) or None
        try:
            self.spool = spools.Spool.create(places, self.run_id, config.bound_for(url))
        except (OSError, RuntimeError) as error:
            self.closed = True
            self.watch.remove()
            say(f"this run is not recorded, no place takes the record ({error}): set XDG_STATE_HOME to one that does")
            return
        self.spool.mask = self.mask
        if self._opened.workspace is None:
            self._opened = self._opened.replace(workspace=config.workspace(url))
        self.spool.append(self._opened, at)
        # What follows takes longer to be imported than Snakemake may need to start its first job, or be killed.
        from snakemake_logger_plugin_flowo.attend import Attendant
        from snakemake_logger_plugin_flowo.ended_jobs import EndedJobs
        from snakemake_logger_plugin_flowo.findings import Findings

        self.attendant = Attendant(self._deliver)
        self._jobs = EndedJobs(
            self.attendant.ask, self._translator, self._directory, kept=self._log_tail(), touch=self._opened.touch
        )
        self._findings = Findings(self.attendant.ask, self._directory, self._began, self._opened.profiles, self.mask)
        for record_ in early:
            self._record(record_)
        from snakemake_logger_plugin_flowo.sender import Sender

        snakefile = str(getattr(record, "snakefile_main", None) or "")
        self._findings.git(Path(snakefile).parent if snakefile.startswith("/") else self._directory)
        self._findings.files([str(file) for file in getattr(record, "configfiles", None) or ()])
        self.sender = Sender(self.spool, self.run_id, url, self._tick())
        self.sender.start()
        if not self.dry_run and self._log_tail() > 0:
            from snakemake_logger_plugin_flowo.follow import Follower

            sender, owner = self.sender, os.fstat(self.spool.fd).st_uid
            self.follower = Follower(
                self.run_id, self._directory, self.attendant, self._translator.attempts, lambda: sender.target, owner,
                self.mask.text,
            )  # fmt: skip
        if not self.watch.quiet:
            self._plain = plain.Plain(self.spool, self._translator, self._jobs, self.follower, self._lock)
            self._steady = True
            if (
                self.spool.path.parent == places[0].resolve()
            ):  # else the disk is another than Snakemake itself writes to
                self.watch.here = self.here

    def _log_tail(self) -> int:
        """Bytes that are kept of a failed job's logs; none: they are not read at all."""
        return int(getattr(self._settings, "log_tail", 64) or 0) * 1024

    def _tick(self) -> Any:
        return self._observe if self.watch.quiet else None

    def _record(self, record: logging.LogRecord) -> None:
        assert self.spool is not None
        if self.watch.quiet:
            self._see()
        if self.watch.config is not None:
            found, self.watch.config = self.watch.config, None
            self._findings.config(found)
        if self.watch.snapshots and self.watch.snapshots[0].at <= record.created:
            self._plan()  # just before the record at which the graph was read
        try:
            events = self._translator.translate(record)
        except Exception as error:  # one record that cannot be understood costs itself only
            self._faults += 1
            events = [wire.Gap(count=1, reason=f"a log record was not understood ({type(error).__name__}: {error})")]
        if not events:
            return
        if self.watch.params and isinstance(event := events[-1], wire.JobInfo) and event.job in self.watch.params:
            events[-1] = event.replace(params=data.params(self.watch.params.pop(event.job)))
        self.spool.extend([(event, record.created) for event in events])
        for event in events:
            if isinstance(event, wire.JobError):
                self._jobs.failed(event)
            elif isinstance(event, wire.JobInfo):
                if self.follower is not None:
                    self.follower.declared(event.job, record.created, event.logs)
            elif isinstance(event, wire.JobSubmitted):
                if self.follower is not None and event.log:
                    self.follower.submitted(event.jobs, event.log, record.created)
            elif isinstance(event, wire.JobFinished):
                self._jobs.finished(event.job)
            elif isinstance(event, wire.Error):
                self._ending.error = event
            elif isinstance(event, wire.GroupError):
                self._jobs.group_failed(event, record.created)

    def _plan(self) -> None:
        assert self.spool is not None
        while self.watch.snapshots:
            snapshot = self.watch.snapshots.popleft()
            try:
                if snapshot.links:
                    self.spool.append(dag.rule_graph(snapshot.links), snapshot.at)
                if snapshot.generation:
                    self._findings.rules(snapshot.definitions, snapshot.snakefiles)
                    for part in dag.plan(snapshot):
                        self.spool.append(part, snapshot.at)
            except Exception:  # the plan is a gift; without it the run is recorded all the same
                self._faults += 1

    def _see(self) -> None:
        assert self.spool is not None
        attempts = self._translator.attempts
        for job in self.watch.finished(self._translator.open, len(attempts)):
            for event in self._translator.observed(job):
                self.spool.append(event, time.time())
            self._jobs.finished(job)

    def _observe(self) -> None:
        """The sender's tick: with `--quiet`, a finished job may be followed by no record for hours."""
        with self._lock:
            if not self.closed and self.spool is not None:
                self._see()

    def _deliver(self, events: list[wire.Event]) -> None:
        if self.spool is not None and os.getpid() == self.pid:
            now = time.time()
            self.spool.extend([(event, now) for event in events])

    def close(self, *, at_exit: bool = False) -> None:
        """Snakemake has ended: write how, flush for a moment, and say it in one line."""
        if self.closed:
            return
        with contextlib.suppress(Exception):
            self._listening.close()
        self._take_in_all()
        self._observe()
        with self._lock:
            self._take_up()
            self.closed, self._steady = True, False
            if self._plain is not None:
                self._plain.ended = True
        self.watch.remove()
        if self.spool is None and not self._only_tried and self._ending.leaving(at_exit) is not None:
            # sys.exit or Ctrl-C while the Snakefile is read
            self._open(None)
        if self.spool is None:
            return
        rest = self._translator.rest()
        self.spool.extend([(event, time.time()) for event in rest])
        for event in rest:
            if isinstance(event, wire.Error):
                self._ending.error = event
        timeout = max(0.0, min(float(getattr(self._settings, "close_timeout", 5.0) or 0.0), 600.0))
        until = time.monotonic() + timeout
        if self.follower is not None:
            self.follower.close()
        with contextlib.suppress(KeyboardInterrupt):
            self.attendant.close(min(ATTENDANT_AT_EXIT, timeout))
        ended = self._ending.told(at_exit=at_exit, complete=self._complete())
        if ended.outcome == "succeeded" and not self.dry_run:  # with --quiet it may be all that tells of their jobs
            self.spool.extend([(event, time.time()) for event in self._translator.implied()])
        self.spool.end(ended, time.time())
        complete = False
        with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C means: do not wait
            complete = self.sender.close(max(0.0, until - time.monotonic()))
            if self.follower is not None:
                self.follower.join(FOLLOWER_AT_EXIT)
        self._verdict(ended, complete)
        spools.prune(self.spool.path.parent, float(getattr(self._settings, "keep_days", 7) or 0))

    def _complete(self) -> bool:
        """Whether nothing is known that was left undone: of an error that a program catches there is no other trace."""
        if invocation.arguments():
            return True  # Snakemake's command line says an error where there is one
        finished, started = len(self._translator.finished), len(self._translator.attempts)
        return self._ending.began and (self.dry_run or finished >= max(started, self.watch.planned))

    def _verdict(self, ended: wire.RunEnded, complete: bool) -> None:
        assert self.spool is not None
        finished = self._translator.finished
        stand = verdict.Stand(len(finished), len(self._translator.attempts), self.watch.planned)
        text = verdict.verdict(ended, stand, self._jobs.first(), dry_run=self.dry_run)
        if self.spool.lost_ever:
            text += f"; {self.spool.lost_ever} events were lost ({self.spool.trouble})"
        target = self.sender.target if self.sender is not None else None
        if complete and target is not None:
            text += f"; {target.link(self.run_id)}"
        elif self.sender is not None and self.sender.unwanted:
            text += f"; {self.sender.trouble}, recorded in {self.spool.path}"
        else:
            text += f"; recorded in {self.spool.path}, `flowo sync {self._directory}` sends it"
        say(text)


def _forked(recorder: weakref.ref[Recorder]) -> None:
    """A forked child is not the run. Told once, since asking for the process's id costs each record a microsecond."""
    if (found := recorder()) is not None:
        found.closed, found._steady = True, False
