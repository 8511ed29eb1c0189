"""What is known of this invocation of Snakemake before it says anything: the command, the machine, the user."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import PurePath

from snakemake_logger_plugin_flowo import definition, wire
from snakemake_logger_plugin_flowo.config import boot_id
from snakemake_logger_plugin_flowo.mask import mask_argv

# Options with which Snakemake looks something up or tidies, and runs no job. Some of these log errors all the same.
_NO_RUN = frozenset({
    "--lint", "--unlock", "--dag", "--rulegraph", "--filegraph", "--d3dag", "--summary", "--detailed-summary",
    "--report", "--list", "--list-rules", "--list-target-rules", "--lt", "--list-changes", "--lc",
    "--list-code-changes", "--list-input-changes", "--li", "--list-params-changes", "--lp", "--list-untracked",
    "--lu", "--list-version-changes", "--list-conda-envs", "--delete-all-output", "--delete-temp-output",
    "--cleanup-metadata", "--cm", "--cleanup-shadow", "--cleanup-containers", "--container-cleanup-images",
    "--conda-cleanup-envs", "--conda-cleanup-pkgs", "--conda-create-envs-only", "--containerize", "--export-cwl",
    "--generate-unit-tests", "--archive", "--print-compilation", "--bash-completion", "--version", "--help", "--gui",
})  # fmt: skip
_NO_RUN_SHORT = frozenset({"-l", "-S", "-D", "-v", "-h"})


def arguments() -> list[str]:
    """Snakemake's own command line; empty when another program uses it as a library."""
    argv = list(sys.argv)
    return argv if argv and "snakemake" in PurePath(argv[0]).parts[-2:] else []


def runs_jobs(argv: Sequence[str]) -> bool:
    """Whether this command line is one that runs jobs, or would."""
    options = list(argv[1:])
    if "--" in options:
        del options[options.index("--") :]
    no_run = _NO_RUN
    if "--report-after-run" in options or definition.option("report_after_run"):  # a profile may set it
        no_run = no_run - {"--report"}  # of this run, when it is over
    return not any(option.partition("=")[0] in no_run or option in _NO_RUN_SHORT for option in options)


def opened(
    *,
    name: str | None,
    tags: str | None,
    workspace: str | None,
    dry_run: bool,
    heartbeat: float,
    version: str,
    flags: frozenset[str] = frozenset(),
    profiles: Sequence[str] = (),
) -> wire.RunOpened:
    """The first event of a run. `flags`: options of logger plugins without a value."""
    argv = arguments()
    return wire.RunOpened(
        plugin_version=version,
        name=name or None,
        tags=[tag.strip() for tag in (tags or "").split(",") if tag.strip()],
        workspace=workspace or None,
        host=os.uname().nodename,
        user=user(),
        pid=os.getpid(),
        boot_id=boot_id(),
        directory=os.getcwd(),
        command=mask_argv(argv or sys.argv, flags),
        dry_run=dry_run,
        touch="--touch" in argv or "-t" in argv,
        python_version=platform.python_version(),
        platform=f"{platform.system()}-{platform.release()}-{platform.machine()}",
        scheduler_id=os.environ.get("SLURM_JOB_ID"),
        heartbeat_s=heartbeat,
        profiles=list(profiles),
    )


def user() -> str:
    """The login name, or the number where there is no name for it (containers)."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
