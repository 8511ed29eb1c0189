"""Snakemake logger plugin that records every event of a run to a file first and ships it to a flowo server second."""

import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

if TYPE_CHECKING:
    from snakemake_logger_plugin_flowo.recorder import Recorder

__all__ = ["LogHandler", "LogHandlerSettings"]


# ruff: noqa: UP045 - Snakemake's plugin interface makes command-line options of these annotations, so no `str | None`
# and no postponed ones.
@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """What `--logger-flowo-…` can set. A token is none of it: command lines can be read by everybody (`ps`)."""

    name: Optional[str] = field(
        default=None, metadata={"help": "Name of the run; without one it is called after the Snakefile's directory."}
    )
    tags: Optional[str] = field(default=None, metadata={"help": "Tags of the run, separated by commas."})
    workspace: Optional[str] = field(default=None, metadata={"help": "Workspace that the run goes to."})
    url: Optional[str] = field(
        default=None,
        metadata={
            "help": "Address of the flowo server. Without it: FLOWO_URL, the configuration (`flowo config`), "
            "or your own server on this machine. The token comes from FLOWO_TOKEN or the configuration."
        },
    )
    dry_run: bool = field(default=False, metadata={"help": "Record dry runs too."})
    no_plan: bool = field(
        default=False, metadata={"help": "Do not read the job graph; jobs then appear when they are started."}
    )
    no_config: bool = field(default=False, metadata={"help": "Do not record the workflow's configuration."})
    no_code: bool = field(
        default=False, metadata={"help": "Do not record the code of rules, their scripts and environments."}
    )
    log_tail: int = field(
        default=64,
        metadata={
            "help": "KiB that are kept of the end of each log file of a failed job; 0 for none, and none is read while "
            "it is watched either."
        },
    )
    close_timeout: float = field(
        default=5.0, metadata={"help": "Seconds that Snakemake's exit may be delayed to send what is left."}
    )
    keep_days: int = field(
        default=7, metadata={"help": "Days after which records in .snakemake/flowo that a server holds are removed."}
    )


class LogHandler(LogHandlerBase):
    """What Snakemake looks for. Nothing in here may raise: an exception would end the events of all plugins."""

    _recorder: Optional["Recorder"] = None

    def __post_init__(self) -> None:
        try:
            if not hasattr(self, "level"):  # up to 9.11 the interface does not initialise the base class
                logging.Handler.__init__(self)
            self._begin()
        except Exception as error:
            self._give_up(error)

    def _begin(self) -> None:
        from snakemake_logger_plugin_flowo import invocation

        settings = self.settings or LogHandlerSettings()
        if getattr(self.common_settings, "dryrun", False) and not getattr(settings, "dry_run", False):
            return
        if not invocation.runs_jobs(invocation.arguments()):
            return
        import atexit

        from snakemake_logger_plugin_flowo.recorder import Recorder

        self._recorder = recorder = Recorder(self, settings, self.common_settings)
        # Straight to it: `Handler.handle` takes a lock and asks for filters, which a recorder needs none of, and each
        # function between costs every record some microseconds.
        vars(self).update(emit=recorder.hear, handle=recorder.hear)
        atexit.register(self._at_exit)

    def _give_up(self, error: BaseException) -> None:
        self._recorder = None
        vars(self).pop("emit", None)
        vars(self).pop("handle", None)
        with contextlib.suppress(Exception):
            from snakemake_logger_plugin_flowo.say import say

            say(f"this run is not recorded ({type(error).__name__}: {error})")

    def emit(self, record: logging.LogRecord) -> None:
        """Nothing, until a recorder hears in its place."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: what goes wrong is said where it happens."""

    def flush(self) -> None:
        """Nothing: every event is in the file when `emit` returns."""

    def close(self) -> None:
        self._end(at_exit=False)
        with contextlib.suppress(Exception):
            import atexit

            atexit.unregister(self._at_exit)  # else it is kept, with all that it knows of the run
            super().close()

    def _at_exit(self) -> None:
        self._end(at_exit=True)

    def _end(self, *, at_exit: bool) -> None:
        recorder = self._recorder
        if recorder is not None:
            try:
                recorder.close(at_exit=at_exit)
            except BaseException as error:  # a Ctrl-C as well: Snakemake has its exit code already
                self._give_up(error)

    @property
    def writes_to_stream(self) -> bool:
        return False

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Where the rule graph cannot be read along with the plan: Snakemake's own takes 50 ms and more, most of them
        for the import of its reports."""
        try:
            return self._recorder is not None and not self._recorder.watch.reads_rules()
        except Exception:
            return True
