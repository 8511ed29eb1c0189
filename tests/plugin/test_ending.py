"""How a run ended, from what was said last."""

from __future__ import annotations

import logging

import pytest
from snakemake_logger_plugin_flowo.ending import Ending


def said(*records: tuple[int, str, str | None]) -> Ending:
    ending = Ending()
    for level, text, event in records:
        ending.hear(logging.LogRecord("snakemake.logging", level, "", 0, text, None, None), event)
    return ending


START = (logging.INFO, "None", "workflow_started")
BEGAN = (logging.INFO, "None", "run_info")
REFUSED = (logging.ERROR, "Missing files after 1 seconds.", None)


@pytest.mark.parametrize("at_exit", [False, True])  # up to 9.20 only the interpreter's exit closes handlers
def test_a_run_that_waits_for_a_file_in_vain_has_failed_whatever_its_exit_code(at_exit: bool) -> None:
    ended = said(START, REFUSED).told(at_exit=at_exit, complete=True)
    assert (ended.outcome, ended.message) == ("failed", REFUSED[1])


@pytest.mark.parametrize(
    "records",
    [
        (START, REFUSED, (logging.INFO, "Nothing to be done (all requested files are present).", None)),
        (START, BEGAN, REFUSED),  # of a hook, or of code in the Snakefile
        (START, REFUSED, BEGAN, (logging.INFO, "Complete log(s): x", None)),
    ],
)
def test_an_errors_text_that_something_follows_is_no_end(records: tuple[tuple[int, str, str | None], ...]) -> None:
    assert said(*records).told(at_exit=False, complete=True).outcome == "succeeded"
