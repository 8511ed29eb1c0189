"""The tables of runs. Each begins its primary key with `run_id`; what never changes and what changes are apart."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Computed,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from flowo.db.base import Base


def _run_id() -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)


def _count() -> Mapped[int]:
    return mapped_column(Integer, server_default=text("0"), default=0)


class Run(Base):
    """One invocation. Columns come from the plugin, but for those under "the server's own" and "people's"."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_list", "workspace_id", text("created_at DESC"), text("id DESC")),
        Index("ix_run_status", "workspace_id", "status", text("created_at DESC"), text("id DESC")),
        Index("ix_run_workflow", "workspace_id", "workflow", text("created_at DESC"), text("id DESC")),
        Index("ix_run_changed", "workspace_id", "changed_at"),
        Index("ix_run_tags", text("coalesce(tags, reported_tags)"), postgresql_using="gin"),
        Index("ix_run_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
        Index("ix_run_open", "heard_at", postgresql_where=text("status = 'running'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))

    # From the plugin.
    reported_name: Mapped[str] = mapped_column(Text, server_default="")
    reported_tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    workflow: Mapped[str] = mapped_column(Text, server_default="")
    host: Mapped[str] = mapped_column(Text, server_default="")
    username: Mapped[str] = mapped_column(Text, server_default="")
    directory: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="running")
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    dry_run: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    imported: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # shown, never searched
    rulegraph: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # {"nodes": […], "links": [[…]]}
    fold: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # what the fold keeps between batches
    first_failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    planned: Mapped[int] = _count()
    queued: Mapped[int] = _count()
    running: Mapped[int] = _count()
    succeeded: Mapped[int] = _count()
    failed: Mapped[int] = _count()
    aborted: Mapped[int] = _count()
    skipped: Mapped[int] = _count()
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    gaps: Mapped[int] = _count()
    skipped_events: Mapped[int] = _count()

    # The server's own.
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    reset_revision: Mapped[int] = mapped_column(
        BigInteger, server_default=text("0")
    )  # jobs went away or a plan came: ask anew
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    heard_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    lost_since: Mapped[dt.datetime | None]
    clock_offset_s: Mapped[float | None] = mapped_column(Double)  # server's clock minus the plugin's, latest batch

    # People's.
    name: Mapped[str | None] = mapped_column(Text)  # null: as reported
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))  # null: as reported
    note: Mapped[str] = mapped_column(Text, server_default="")
    search: Mapped[str] = mapped_column(
        Text,
        Computed(
            "lower(coalesce(name, '') || ' ' || reported_name || ' ' || note || ' ' || workflow || ' ' || directory"
            " || ' ' || host || ' ' || username || ' ' || id::text)",
            persisted=True,
        ),
    )


class Journal(Base):
    """Batches as heard, compressed: what was heard can be projected again."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_revision", "run_id", "revision"),)

    run_id: Mapped[uuid.UUID] = _run_id()
    first_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(BigInteger)  # that the batch raised its run to
    # Numbers of the jobs that it moved. The stream reads them here, so that no index on a job's state changes with it
    # and PostgreSQL updates that row in place.
    moved: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
    heard_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[dt.datetime | None]
    unread: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # seq of events that could not be projected
    body: Mapped[bytes] = mapped_column(LargeBinary)  # NDJSON, zlib


class Job(Base):
    """A job's facts: written when it is handed out, shown one job at a time."""

    __tablename__ = "job"

    run_id: Mapped[uuid.UUID] = _run_id()
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    command_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  # of a long command's body in `blob`
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class JobState(Base):
    """A job's state: narrow, written often; and what the job table filters by."""

    __tablename__ = "job_state"
    __table_args__ = (Index("ix_job_state_rule", "run_id", "rule", "number"),)

    run_id: Mapped[uuid.UUID] = _run_id()
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    queued_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    queue_s: Mapped[float | None] = mapped_column(Double)  # by the executor or the benchmark, else null
    run_s: Mapped[float | None] = mapped_column(Double)
    threads: Mapped[int | None] = mapped_column(Integer)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    reasons: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))  # why it runs, as `reasons` has it
    status: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    wildcards: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    group: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)


class Failure(Base):
    """Jobs whose status is failed: few, and asked for often."""

    __tablename__ = "failure"
    __table_args__ = (
        Index("ix_failure_order", "run_id", "at", "number"),
        Index("ix_failure_signature", "run_id", "signature", "at", "number"),
    )

    run_id: Mapped[uuid.UUID] = _run_id()
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[dt.datetime]  # far ahead where it is not known
    signature: Mapped[str] = mapped_column(Text, server_default="")  # the same for failures that are alike


class Attempt(Base):
    """One try of a job."""

    __tablename__ = "attempt"

    run_id: Mapped[uuid.UUID] = _run_id()
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    queued_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    status: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # error, log, resources, external id


class Blob(Base):
    """Large texts such as long commands, scripts and the configuration, once in a run, by hash."""

    __tablename__ = "blob"

    run_id: Mapped[uuid.UUID] = _run_id()
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class Rule(Base):
    """What a rule is made of, as written; written once, shown one rule at a time. Texts of files stand in `blob`."""

    __tablename__ = "rule"

    run_id: Mapped[uuid.UUID] = _run_id()
    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class RuleCount(Base):
    """How the known jobs of one rule stand. `expected`: what run_info announced, for runs without a plan."""

    __tablename__ = "rule_count"

    run_id: Mapped[uuid.UUID] = _run_id()
    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    expected: Mapped[int] = _count()
    planned: Mapped[int] = _count()
    queued: Mapped[int] = _count()
    running: Mapped[int] = _count()
    succeeded: Mapped[int] = _count()
    failed: Mapped[int] = _count()
    aborted: Mapped[int] = _count()
    skipped: Mapped[int] = _count()
    timed: Mapped[int] = _count()  # jobs whose duration is known
    seconds: Mapped[float] = mapped_column(Double, server_default=text("0"), default=0.0)  # their sum


class Wildcard(Base):
    """The values that the run's jobs have, each once: what is offered while one types, and where words are looked for.

    In the order of their bytes, so that a prefix is a range of the index.
    """

    __tablename__ = "wildcard"

    run_id: Mapped[uuid.UUID] = _run_id()
    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class Plan(Base):
    """The job graph of one generation, compressed: `{"rules": […], "number": […], "rule": […], "edges": […]}` as in the
    API's `Graph`, and `more`: by number what only the plan knows of a job (params, conda, container).

    Parts (numbered from 1) are shown to nobody; when all are there, they become the one part 0.
    """

    __tablename__ = "plan"

    run_id: Mapped[uuid.UUID] = _run_id()
    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    parts: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Deleted(Base):
    """Runs that were deleted, for a while: so that lists hear of it, and a sender that goes on is told to stop."""

    __tablename__ = "deleted_run"
    __table_args__ = (Index("ix_deleted_run_changed", "workspace_id", "deleted_at"),)

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    deleted_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


class LogWatch(Base):
    """A log file of a job that somebody looks at, and how far it was read. Unlogged: it lives as long as they look."""

    __tablename__ = "log_watch"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    run_id: Mapped[uuid.UUID] = _run_id()
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  # index into the job's logs; -1: the cluster's
    asked_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())  # when the watching began
    until: Mapped[dt.datetime]  # nobody watches it any more after this
    generation: Mapped[int] = mapped_column(BigInteger)  # raised when what is held begins anew
    file: Mapped[str] = mapped_column(Text, server_default="")  # the plugin's mark of one file on disk
    start: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # bytes in the file: what is held of it
    stop: Mapped[int | None] = mapped_column(BigInteger)  # null: nothing was read yet
    size: Mapped[int | None] = mapped_column(BigInteger)  # of the whole file
    state: Mapped[str] = mapped_column(Text, server_default="")  # the plugin's word
    note: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[dt.datetime | None]


class LogPart(Base):
    """What was read of a watched log: the last `tails.WINDOW` bytes in parts, passed on and kept no longer."""

    __tablename__ = "log_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "number", "attempt", "log"],
            ["log_watch.run_id", "log_watch.number", "log_watch.attempt", "log_watch.log"],
            name="fk_log_part_watch",
            ondelete="CASCADE",
        ),
        {"prefixes": ["UNLOGGED"]},
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stop: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)


class Pulse(Base):
    """One row: since when ingest has been there without a break, so that no run is called lost for our own absence."""

    __tablename__ = "pulse"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    since: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
