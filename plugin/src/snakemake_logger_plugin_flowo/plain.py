"""What most records of a steady run are, written down with few calls.

What they cost is mostly the way through code that Snakemake's own has driven out of the processor's caches, 3 to 5 us
for each function. Where nobody else is to hear them they are heard in the thread that logs, Snakemake's own: to hand
one over to a listener costs that thread, and the change to the other, more than all that is done with it here.

Only what takes no time and starts no thread is heard there. A Ctrl-C may end any line: so each step can be done twice,
or is known to be done in the line that does it, and what was begun is taken up by whoever comes next.
"""

from __future__ import annotations

import logging
from typing import Any

from snakemake_logger_plugin_flowo import dag, translate, wire
from snakemake_logger_plugin_flowo import spool as spools

LONG = 8_000  # characters of a command: to look for secrets takes 0.1 ms
MANY = 100  # files


def _selects(record: logging.LogRecord) -> bool:
    return type(record.msg) is str and record.msg == dag.SELECTING and record.levelno == logging.INFO


def _of_jobs(record: logging.LogRecord) -> bool:
    """Whether there are no groups among them."""
    jobs = record.__dict__.get("jobs")
    return type(jobs) is list and {*map(type, jobs)} == {int}


class Heard(translate.Heard, spools.Due):
    """A record on its way into the spool."""

    def __init__(self, record: logging.LogRecord, event: str | None) -> None:
        super().__init__()
        self.record, self.event = record, event


class Plain:
    """Belongs to a recorder whose run is steady; `lock` is the recorder's."""

    def __init__(
        self, spool: spools.Spool, translator: translate.Translator, jobs: Any, follower: Any, lock: Any
    ) -> None:
        self._spool, self._translator, self._jobs, self._follower = spool, translator, jobs, follower
        self._lock = lock
        self._begun: Heard | None = None
        self.ended = False  # nothing more is to be written

    def quick(self, record: logging.LogRecord, event: str | None) -> bool:
        """Whether it takes no time to hear it, and nothing is to be done with it but to write it down."""
        told = vars(record)
        try:
            if event == "job_finished":
                files = self._translator.files.get(told.get("job_id", -1))
                return files is None or files.benchmark is None
            if event != "job_info":
                return True
            if self._follower is not None and not self._follower.begun and told.get("log"):
                return False
            command = told.get("shellcmd")
            return (
                (command is None or (type(command) is str and len(command) < LONG))
                and len(told.get("input") or ()) < MANY
                and len(told.get("output") or ()) < MANY
            )
        except Exception:  # something else stands there
            return False

    def hear(self, record: logging.LogRecord, event: str | None) -> bool:
        """False, and nothing done, for what is not plain."""
        if event not in dag.PLAIN and (event is not None or not _selects(record)):
            return False
        if event == "job_started" and not _of_jobs(record):
            return False
        with self._lock:
            if self.ended:
                return False
            if self._begun is not None:
                self.take_up()
            self._begun = Heard(record, event)
            return self.take_up()

    def take_up(self) -> bool:
        """Do what is left of a record; False, and nothing done, if it is not plain."""
        with self._lock:
            heard = self._begun
            if heard is None:
                return True
            try:
                plain = self._write(heard)
            except Exception:
                self._begun = None
                if heard.told is not None and not heard.written:
                    raise
                return heard.written  # else the long way says what is wrong with it
            self._begun = None
            return plain

    def _write(self, heard: Heard) -> bool:
        record, event, spool, translator = heard.record, heard.event, self._spool, self._translator
        at = record.created
        if event == "job_info":
            told = heard.told or translator.told(record, heard)
            if told is None:
                return False
            if not heard.written:
                spool.told(wire.JobInfo, told, at, heard)
            if self._follower is not None and ("logs" in told or translator.attempts[told["job"]] > 1):
                self._follower.declared(told["job"], at, told.get("logs", []))
        elif event == "job_finished":
            job = heard.told
            if job is None:
                job = heard.told = translator.finishes(record)
            if job is not None:
                translator.finish(job)
                if not heard.written:
                    spool.plain(f'{{"at":{at!r},"kind":"job_finished","job":{job}}}', at, heard)
                files = translator.files.get(job)
                if files is not None and files.benchmark is not None:
                    self._jobs.benchmarked(job, files.benchmark)
                translator.files.pop(job, None)
        elif heard.written:
            pass
        elif event == "job_started":
            # along with the jobs' own events
            jobs = str(record.__dict__["jobs"]).replace(" ", "")
            spool.later(f'{{"at":{at!r},"kind":"job_started","jobs":{jobs}}}', at, heard)
        else:
            spool.later(f'{{"at":{at!r},"kind":"log","text":"{dag.SELECTING}"}}', at, heard)
        return True
