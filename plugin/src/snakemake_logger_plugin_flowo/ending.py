"""How a run ended: Snakemake has no event for it, so it follows from what it said last and what it is left with."""

from __future__ import annotations

import logging
import sys

from snakemake_logger_plugin_flowo import translate, wire

_SAID_ALL = ("Complete log(s)", "Elapsed time: ", "Nothing to be done", "This was a dry-run")  # of failed runs as well
GAVE_UP = ("Exiting because a job execution failed", "Error: Snakemake failed to process jobs")
_BEFORE_ITS_END = "Snakemake ended before the workflow did"


class Ending:
    """Hears the records of one run. Snakemake's command line ends what failed with an error; a program that uses it
    as a library may have caught that within its `with SnakemakeApi`, and then nothing more is said."""

    def __init__(self) -> None:
        self.error: wire.Error | None = None  # the last that was told
        self.failed = False  # the last record of level INFO or above was an error
        self._interrupted = ""  # what Snakemake said when it was told to stop
        self._gave_up = ""  # what it said when it left the rest
        self._said_all = False
        self.began = False  # it knew what was to be done
        self._refused = ""  # the error, said as a mere text, after which nothing more came before it began
        self._exception = sys.exc_info()[1]  # of the code that calls us, if any: not the run's
        self._last = getattr(sys, "last_value", None)

    def hear(self, record: logging.LogRecord, event: str | None) -> None:
        """One record, whatever it is of."""
        if record.levelno >= logging.INFO:
            self.failed = event == "error"
            self._refused = ""
        if event is None:
            text = record.msg if isinstance(record.msg, str) else ""
            if record.levelno >= logging.ERROR and not self.began:
                self._refused = text
            if text.startswith(translate.INTERRUPTED):
                self._interrupted = self._interrupted or text
            elif text.startswith(GAVE_UP):
                self._gave_up = text.splitlines()[0]
            elif text.startswith(_SAID_ALL):
                self._said_all = True
        elif event == "run_info":
            self.began = True
        elif event == "workflow_started":  # a library's user may run a workflow once more
            self._interrupted = self._gave_up = ""
            self._said_all = self.began = False

    def told(self, *, at_exit: bool, complete: bool) -> wire.RunEnded:
        """The rule that held on every recorded end. `complete`: nothing is known that was left undone."""
        error = self.leaving(at_exit)
        name = type(error).__name__ if error is not None else None
        message = str(error) if error is not None else None
        if isinstance(error, SystemExit):
            message = f"the workflow called sys.exit({error.code!r})"
        failed = self.failed or error is not None
        if not failed and (self._interrupted or self._gave_up):
            failed, message = True, self._gave_up or self._interrupted
        if not failed and not self._said_all and (at_exit or not complete or self._refused):
            failed, message = True, self._refused or _BEFORE_ITS_END  # a file that is waited for in vain: exit code 0
        if not failed:
            return wire.RunEnded(outcome="succeeded")
        if self.error is not None and (self.failed or message is None):
            name, message = self.error.exception, self.error.message
        if self._interrupted and not isinstance(error, Exception):
            name, message = None, self._interrupted  # the error that comes last says only that not all jobs are done
        interrupted = self._interrupted or isinstance(error, KeyboardInterrupt)
        return wire.RunEnded(outcome="interrupted" if interrupted else "failed", exception=name, message=message)

    def leaving(self, at_exit: bool) -> BaseException | None:
        """The exception that Snakemake is left with, if any."""
        error: BaseException | None = sys.exc_info()[1]
        if error is self._exception:
            error = None
        if error is None and at_exit:  # up to 9.20 only the interpreter's exit closes handlers
            last: BaseException | None = getattr(sys, "last_value", None)
            error = last if last is not self._last else None
        if isinstance(error, SystemExit) and error.code in (None, 0):
            error = None
        return error
