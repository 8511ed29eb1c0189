"""The job table: its filters, a page of it by any sort, how many jobs are left, and where its pages begin."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    Integer,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.errors import Invalid, NotFound
from flowo.runs import cursors, schemas, state, views
from flowo.runs.models import JobState, RuleCount, Wildcard
from flowo.runs.queries import Workspaces, check, like

ORDER = ["failed", "aborted", "running", "queued", "succeeded", "skipped", "planned"]  # as bars of counts have it
# Before and after all that there can be: jobs of which a thing is not known come last, whichever way it is sorted.
TIMES = (dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC))
SECONDS = (-1.0, 1e15)
SMALL = (0, 2**15 - 1)
TEXTS = ("", "\U0010ffff")  # by their bytes
MOST_WORDS = 20  # in one search
MOST_NAMES = 100  # of wildcards
FEW_VALUES = 100  # of wildcards, that hold a word
RARE = 100  # one of so many values
INDEXED = ("number", "rule")  # sorts

Key = tuple[ColumnElement[Any], cursors.Part]


@dataclasses.dataclass(frozen=True, slots=True)
class Sort:
    value: Any  # NULL where it is not known
    part: cursors.Part
    ends: tuple[Any, Any] | None = None  # what stands for NULL: before all, after all; None where there is none

    def key(self, down: bool) -> Key:
        return (func.coalesce(self.value, self.ends[not down]) if self.ends else self.value), self.part


def _either(told: Any, until: Any, since: Any) -> Any:
    """Seconds that the executor or a benchmark told of, else between two moments."""
    return func.coalesce(told, func.date_part("epoch", until - since, type_=Float))


# As text: told as parameters, and as an array's position, it takes longer.
_PLACES = " ".join(f"WHEN '{status}' THEN {place}" for place, status in enumerate(ORDER))
STATUS_PLACE: ColumnElement[int] = literal_column(f"CASE job_state.status {_PLACES} ELSE 9 END", Integer)

SORTS: dict[str, Sort] = {
    "rule": Sort(JobState.rule, cursors.word),
    "status": Sort(STATUS_PLACE, cursors.whole(32)),
    "started_at": Sort(JobState.started_at, cursors.moment, TIMES),
    "ended_at": Sort(JobState.ended_at, cursors.moment, TIMES),
    "duration": Sort(_either(JobState.run_s, JobState.ended_at, JobState.started_at), cursors.real, SECONDS),
    "waited": Sort(_either(JobState.queue_s, JobState.started_at, JobState.queued_at), cursors.real, SECONDS),
    "attempt": Sort(func.nullif(JobState.attempt, 0), cursors.whole(16), SMALL),
    "threads": Sort(JobState.threads, cursors.signed, (0, 2**31 - 1)),
    "reason": Sort(func.nullif(JobState.reasons, 0), cursors.whole(16), SMALL),
}
NUMBER: Key = (JobState.number, cursors.whole(32))  # type: ignore[assignment]
# Also where a sort goes down, equal jobs come by rising numbers: they are read in that order, and to keep the first 201
# of them takes half the time of keeping the last.
RISING: Key = (-JobState.number, cursors.signed)
SORT_PATTERN = rf"^-?(number|{'|'.join(SORTS)}|wildcard:[^\x00]{{1,500}})$"


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs. Values of one kind, or of one wildcard, are alternatives; everything else narrows.

    `q`: words that the rule or a wildcard's value holds or that are an id; "two words" stand in quotes. Also
    `name:value` for a wildcard and `id:…` for an id, of Snakemake or of the cluster.
    """

    status: Sequence[str] = ()
    rule: Sequence[str] = ()
    wildcard: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    id: Sequence[str] = ()
    q: str | None = None

    @property
    def counted(self) -> bool:
        """Whether the counters by rule and status answer how many jobs it leaves."""
        return not (self.wildcard or self.id or (self.q or "").strip())

    def __bool__(self) -> bool:
        return bool(self.status or self.rule) or not self.counted


def wildcards(pairs: Iterable[str]) -> dict[str, list[str]]:
    """`name:value`, as in the API's `wildcard`, by name."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, colon, value = pair.partition(":")
        if not name or not colon:
            raise Invalid(
                f"`wildcard` is a name, a colon and a value, as in sample:A1; not {pair[:80]!r}.", "query", "wildcard"
            )
        found.setdefault(name, []).append(value)
    return found


WORD = re.compile(r'(?:(\w+):)?(?:"([^"]*)"?|(\S+))')


def words(q: str | None) -> list[tuple[str, str]]:
    """(key, value) of each term of a search; the key of a plain word, and of one in quotes, is empty."""
    found = [(key, quoted or plain) for key, quoted, plain in WORD.findall(q or "") if quoted or plain]
    if len(found) > MOST_WORDS:
        raise Invalid(f"At most {MOST_WORDS} words are searched for at once.", "query", "q")
    return found


def _among(value: SQLColumnExpression[str], values: Sequence[str]) -> ColumnElement[bool]:
    # PostgreSQL compares with an array of one more slowly than with the one.
    return value == values[0] if len(values) == 1 else value.in_(values)


def _is(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    # Not `@>`: with no index to use, comparing the one value costs half of comparing documents.
    return _among(JobState.wildcards[name].astext, values)


def _has_id(values: Sequence[str]) -> ColumnElement[bool]:
    """By the cluster's id, or by Snakemake's where that can be one."""
    numbers = [int(value) for value in values if value.isascii() and value.isdigit() and int(value) < 2**31]
    either = JobState.external_id.in_(values)
    return or_(either, JobState.number.in_(numbers)) if numbers else either


async def where(session: AsyncSession, run_id: uuid.UUID, wanted: Filter) -> list[ColumnElement[bool]]:
    """The conditions on `job_state`."""
    found, _ = await _narrowed(session, run_id, wanted)
    return found


async def _narrowed(
    session: AsyncSession, run_id: uuid.UUID, wanted: Filter, *, sort: str = ""
) -> tuple[list[ColumnElement[bool]], bool]:
    """The conditions, and whether they leave so few jobs that all are better looked at, in no order: PostgreSQL does
    not know how many have a value, and would go through nearly all in the order of an index, at twice the time."""
    found: list[ColumnElement[bool]] = [JobState.run_id == run_id]
    few = False
    exact = dict(wanted.wildcard)
    if wanted.status:
        found.append(_among(JobState.status, wanted.status))
    if wanted.rule:
        found.append(_among(JobState.rule, wanted.rule))
    found += [_is(name, values) for name, values in wanted.wildcard.items()]
    if wanted.id:
        found.append(_has_id(wanted.id))
    for key, value in words(wanted.q):
        if key == "id":
            found.append(_has_id([value]))
        elif key:
            found.append(_is(key, [value]))
            exact[key] = [value]
        else:
            holding, rare = await _holds(session, run_id, value)
            found.append(holding)
            few = few or rare
    if sort.removeprefix("-") in INDEXED and not few:
        for name, values in exact.items():
            few = few or await _has_values(session, run_id, name, RARE * len(values))
    return found, few


async def _has_values(session: AsyncSession, run_id: uuid.UUID, name: str, most: int) -> bool:
    """Whether a wildcard has more than `most` values."""
    return (await session.execute(_PAST, {"run": run_id, "name": name, "most": most})).first() is not None


_PAST = (
    select(literal(1))
    .where(Wildcard.run_id == bindparam("run"), Wildcard.name == bindparam("name"))
    .order_by(Wildcard.value)  # along the index
    .offset(bindparam("most", type_=Integer))
    .limit(1)
)


async def _holds(session: AsyncSession, run_id: uuid.UUID, word: str) -> tuple[ColumnElement[bool], bool]:
    """Jobs whose rule or a wildcard's value holds the word, or that have it as an id; and whether few values do alone.

    Names and values are few where jobs are many: the word is looked for in those, and then the jobs that have them.
    Each wildcard that is looked into costs 10 ms of 100,000 jobs, so none is in vain.
    """
    asked = {"run": run_id, "pattern": like(word)}
    rules = (await session.scalars(_RULES, asked)).all()
    values = (await session.execute(_VALUES, asked)).all()
    rare = len(values) <= FEW_VALUES
    by_name: dict[str, list[str]] = {}
    for name, value in values if rare else ():
        by_name.setdefault(name, []).append(value)
    holding = [_is(name, held) for name, held in by_name.items()]
    if not rare:
        held = select(Wildcard.value).where(Wildcard.run_id == run_id, Wildcard.value.ilike(like(word)))
        names = await session.scalars(held.with_only_columns(Wildcard.name).distinct().limit(MOST_NAMES))
        holding = [JobState.wildcards[name].astext.in_(held.where(Wildcard.name == name)) for name in names]
    of_rules = [_among(JobState.rule, rules)] if rules else []
    return or_(*of_rules, *holding, _has_id([word])), rare and not rules


_RULES = select(RuleCount.rule).where(RuleCount.run_id == bindparam("run"), RuleCount.rule.ilike(bindparam("pattern")))
_VALUES = (
    select(Wildcard.name, Wildcard.value)
    .where(Wildcard.run_id == bindparam("run"), Wildcard.value.ilike(bindparam("pattern")))
    .limit(FEW_VALUES + 1)
)


async def wildcard_names(session: AsyncSession, run_id: uuid.UUID) -> list[str]:
    """All names, by jumping from one to the next in the index."""
    rows = await session.execute(
        text(
            """WITH RECURSIVE n AS (
                 (SELECT name FROM wildcard WHERE run_id = :run ORDER BY name LIMIT 1)
                 UNION ALL
                 SELECT (SELECT w.name FROM wildcard w WHERE w.run_id = :run AND w.name > n.name
                         ORDER BY w.name LIMIT 1)
                 FROM n WHERE n.name IS NOT NULL)
               SELECT name FROM n WHERE name IS NOT NULL LIMIT :most"""
        ),
        {"run": run_id, "most": MOST_NAMES},
    )
    return [name for (name,) in rows]


async def wildcard_values(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, *, name: str | None, q: str, limit: int
) -> schemas.WildcardValues:
    """Values that begin with `q`, then those that hold it in any case; of one wildcard, or of all."""
    await check(session, workspaces, run_id)
    of = [Wildcard.run_id == run_id] + ([Wildcard.name == name] if name is not None else [])
    order = (Wildcard.name, Wildcard.value)
    columns = select(Wildcard.name, Wildcard.value).order_by(*order)
    found: list[Any] = []
    names = [name] if name is not None else await wildcard_names(session, run_id)
    for one in names:  # each a range of the index
        begins = Wildcard.value.like(like(q)[1:])
        query = columns.where(Wildcard.run_id == run_id, Wildcard.name == one, begins).limit(limit - len(found))
        found += (await session.execute(query)).all()
        if len(found) >= limit:
            break
    if q and len(found) < limit:
        holds = Wildcard.value.ilike(like(q))
        query = columns.where(*of, holds, Wildcard.value.not_like(like(q)[1:])).limit(limit - len(found))
        found += (await session.execute(query)).all()
    return schemas.WildcardValues(items=[schemas.WildcardValue(name=row.name, value=row.value) for row in found])


def _order(sort: str) -> tuple[list[Key], bool]:
    """The keys of a sort, the number last, and whether they go down."""
    name = sort.removeprefix("-")
    down = sort.startswith("-")
    if name.startswith("wildcard:"):
        value = func.coalesce(JobState.wildcards[name.removeprefix("wildcard:")].astext, TEXTS[not down], type_=Text)
        keys: list[Key] = [(value.collate("C"), cursors.word)]
    else:
        keys = [SORTS[name].key(down)] if name in SORTS else []
    return [*keys, RISING if keys and down else NUMBER], down


def _cursor(row: Any, keys: Sequence[Key]) -> str:
    values = [getattr(row, f"key_{i}") for i in range(len(keys))]
    return cursors.encode(*(v.isoformat() if isinstance(v, dt.datetime) else v for v in values))


async def page(
    session: AsyncSession,
    workspaces: Workspaces,
    run_id: uuid.UUID,
    wanted: Filter,
    *,
    sort: str = "number",
    limit: int = 50,
    cursor: str | None = None,
) -> bytes:
    """A page in the order of `sort`, then by rising number: the JSON of `schemas.Page[schemas.Job]`, written without
    models, through which 200 jobs go for 6 ms."""
    await check(session, workspaces, run_id)
    found, few = await _narrowed(session, run_id, wanted, sort=sort)
    keys, down = _order(sort)
    columns = [key for key, _ in keys]
    if cursor:
        at = cursors.decode(cursor, *(part for _, part in keys))
        found.append(tuple_(*columns) < at if down else tuple_(*columns) > at)
    labels = [key.label(f"key_{i}") for i, key in enumerate(columns)]
    # Only the keys are sorted, then the rows that are shown are read: half the time of sorting whole rows.
    query = select(JobState.number, *labels).where(*found)
    if few:
        held = query.cte("held").prefix_with("MATERIALIZED")
        query, columns = select(held), [held.c[label.name] for label in labels]
    query = query.order_by(*(key.desc() if down else key.asc() for key in columns)).limit(limit + 1)
    connection = await session.connection()  # rows by the session cost twice the time
    shown = (await connection.execute(query)).all()
    after = _cursor(shown[limit - 1], keys) if len(shown) > limit else None
    numbers = [row.number for row in shown[:limit]]
    rows = await connection.execute(_WHOLE, {"run": run_id, "numbers": numbers})
    items = [views.job_fields(row) for row in rows]
    return orjson.dumps({"items": items, "next": after}, option=orjson.OPT_UTC_Z)


def _whole() -> Select[Any]:
    """The rows of `numbers` in their order, each by its key, in a lateral query with a limit that PostgreSQL cannot
    make a join of: of a run that came since it last looked at the table it expects few jobs, and would read them all.
    """
    numbers: ColumnElement[Any] = bindparam("numbers", type_=ARRAY(Integer))
    shown = func.unnest(numbers).table_valued("number", with_ordinality="place").render_derived("shown")
    there = and_(JobState.run_id == bindparam("run"), JobState.number == shown.c.number)
    row = select(*views.JOB_COLUMNS).where(there).limit(1).lateral()
    return select(*row.c).select_from(shown).join(row, true()).order_by(shown.c.place)


_WHOLE = _whole()  # to make it takes 1 ms


async def marks(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, wanted: Filter, *, sort: str, step: int
) -> schemas.Marks:
    """Cursors of every `step`-th job in this order, in one pass: whoever has them asks for any page by its key."""
    await check(session, workspaces, run_id)
    found = await where(session, run_id, wanted)
    keys, down = _order(sort)
    order = [key.desc() if down else key.asc() for key, _ in keys]
    rank = func.row_number().over(order_by=order).label("rank")
    ranked = select(*(key.label(f"key_{i}") for i, (key, _) in enumerate(keys)), rank).where(*found).subquery()
    rows = await session.execute(select(ranked).where(ranked.c.rank % step == 0).order_by(ranked.c.rank))
    return schemas.Marks(step=step, cursors=[_cursor(row, keys) for row in rows])


async def neighbours(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, number: int, wanted: Filter, *, sort: str
) -> schemas.Neighbours:
    """What comes before and after where the job stands in this order, or would stand if the filters left it."""
    await check(session, workspaces, run_id)
    keys, down = _order(sort)
    columns = [key for key, _ in keys]
    at = (await session.execute(select(*columns).where(JobState.run_id == run_id, JobState.number == number))).first()
    if at is None:
        raise NotFound("There is no such job in this run.")
    found = await where(session, run_id, wanted)
    mine = tuple_(*columns)

    async def nearest(above: bool) -> int | None:
        order = [key.asc() if above else key.desc() for key in columns]
        side = mine > tuple(at) if above else mine < tuple(at)
        query = select(JobState.number).where(*found, side).order_by(*order).limit(1)
        return (await session.execute(query)).scalar()

    return schemas.Neighbours(before=await nearest(down), next=await nearest(not down))


async def count(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, wanted: Filter) -> schemas.Count:
    """How many jobs are left, and of which rules."""
    await check(session, workspaces, run_id)
    if wanted.counted:
        number: ColumnElement[int] = literal(0)
        for status in set(wanted.status or state.JOB_STATUSES):
            number += getattr(RuleCount, status)
        query = select(RuleCount.rule, number).where(RuleCount.run_id == run_id)
        query = query.where(RuleCount.rule.in_(wanted.rule)) if wanted.rule else query
    else:
        query = select(JobState.rule, func.count()).where(*await where(session, run_id, wanted)).group_by(JobState.rule)
    rules = {rule: n for rule, n in (await session.execute(query)).tuples() if n}
    return schemas.Count(count=sum(rules.values()), rules=rules)
