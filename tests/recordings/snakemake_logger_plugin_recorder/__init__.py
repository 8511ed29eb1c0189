"""A logger plugin that writes down what it is handed, in the form that `../README.md` describes; see `../record.py`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogHandlerSettings(LogHandlerSettingsBase):
    """None."""


class LogHandler(LogHandlerBase):
    def __post_init__(self) -> None:
        if not hasattr(self, "level"):
            logging.Handler.__init__(self)
        self.file = open(os.environ["RECORDING"], "a")  # noqa: SIM115
        common = {k: str(v) for k, v in sorted(vars(self.common_settings).items()) if k != "log_handler_settings"}
        self.put("init", at=time.time(), common_settings=common, argv=["snakemake", *sys.argv[1:]])

    def put(self, kind: str, **more: Any) -> None:
        self.file.write(json.dumps({"kind": kind, **more}) + "\n")
        self.file.flush()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        extra = {name: told(value) for name, value in vars(record).items() if name not in USUAL and name != "event"}
        self.put(
            "record", created=record.created, level=record.levelname, event=None if event is None else str(event),
            msg=record.msg, thread=record.threadName, extra=extra,
        )  # fmt: skip

    def flush(self) -> None:
        self.put("flush", at=time.time())

    def close(self) -> None:
        error = sys.exc_info()[1]
        self.put("close", at=time.time(), **({"exc": repr(error)} if error else {}))
        super().close()

    writes_to_stream = property(lambda self: False)
    writes_to_file = property(lambda self: False)
    has_filter = property(lambda self: True)
    has_formatter = property(lambda self: True)
    needs_rulegraph = property(lambda self: True)


def told(value: Any) -> dict[str, Any]:
    of = type(value)
    name = of.__name__ if of.__module__ == "builtins" else f"{of.__module__}.{of.__name__}"
    return {"type": name, "value": plain(value)}


def plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if type(value).__name__ in ("ResourceList", "Resources", "Wildcards"):
        return {str(key): str(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return repr(value)
