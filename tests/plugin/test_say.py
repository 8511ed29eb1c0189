"""The plugin's lines are whole, and leave Snakemake's whole."""

from __future__ import annotations

import io
import logging
import sys
import threading

import pytest
from snakemake_logger_plugin_flowo.say import say


class Halting(logging.StreamHandler[io.StringIO]):
    """Writes a line and its end apart, as Snakemake's does, and halts between them."""

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__(stream)
        self.halts = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(record.getMessage())
        self.halts.set()
        threading.Event().wait(0.05)
        self.stream.write("\n")


def test_a_line_is_not_written_into_another(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    handler = Halting(stream)
    logger = logging.getLogger("snakemake.logging")
    logger.addHandler(handler)
    try:
        writing = threading.Thread(target=logger.warning, args=("Execute 1 jobs...",))
        writing.start()
        assert handler.halts.wait(5)
        say("recording this run")
        writing.join()
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == "Execute 1 jobs...\nflowo: recording this run\n"
