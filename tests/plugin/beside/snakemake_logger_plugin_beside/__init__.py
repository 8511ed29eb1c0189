"""Another logger plugin, as a user may have one: it writes what it hears to a file, and breaks when it is told to."""

import logging
from dataclasses import dataclass, field

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    breaks_at: int = field(default=0, metadata={"help": "The record at which it raises; 0: at none."})
    webhook: str = field(default="", metadata={"help": "An address that is nobody's business."})
    stream: bool = field(default=False, metadata={"help": "Be the one that writes to the terminal."})


class LogHandler(LogHandlerBase):
    heard = 0

    def __post_init__(self) -> None:
        if not hasattr(self, "level"):
            logging.Handler.__init__(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += 1
        if self.heard == getattr(self.settings, "breaks_at", 0):
            raise RuntimeError("database is locked")
        with open("beside.txt", "a") as file:
            print(getattr(record, "event", None), file=file)

    @property
    def writes_to_stream(self) -> bool:
        return bool(getattr(self.settings, "stream", False))

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
        return False
