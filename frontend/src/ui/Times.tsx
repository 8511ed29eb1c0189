import { useMemo } from "react";
import { server_now, useNow } from "./clock.ts";
import { duration } from "./format.ts";
import {
  ago,
  axis_ticks,
  clock_time,
  date_text,
  exact_time,
  same_day,
  stop_watch,
  time_of_day,
} from "./moment.ts";
import { seconds_of } from "./span.ts";
import { type TimeForm, useTimeForm } from "./zone.ts";

/** `offset`: seconds from the clock that a time is of to the server's (`clock_offset` of a run); none for the server's own. */
const now_of = (offset: number) => server_now() - offset * 1000;

function times_in(form: TimeForm) {
  const zone = form === "utc" ? "utc" : "local";
  const clock = (at: string) => clock_time(Date.parse(at), server_now(), zone);
  const since = (at: string, offset = 0) => ago(Date.parse(at), now_of(offset), zone);
  return {
    form,
    /** The time of day in the zone chosen, with the day where it is not today: where only that makes sense. */
    clock,
    /** Hours and minutes, for what is known no better. */
    minute: (at: string) => clock(at).slice(0, -3),
    day: (at: string) => date_text(Date.parse(at), server_now(), zone),
    /** With year and zone. */
    exact: (at: string) => exact_time(Date.parse(at), zone),
    /** How long ago, unless one wants clocks. */
    when: (at: string, offset = 0) => (form === "local" || form === "utc" ? clock(at) : since(at, offset)),
    /** Whether `clock` needs the room for a day. */
    dated: (at: string) => form !== "relative" && !same_day(Date.parse(at), server_now(), zone),
    /** At a line of a log: its time of day, or what had passed since the run began. */
    line: (at: string, start: string | null) =>
      form === "relative" && start
        ? stop_watch((Date.parse(at) - Date.parse(start)) / 1000)
        : time_of_day(Date.parse(at), zone),
    /** The same moment in all forms, for whoever points at it. */
    all: (at: string, offset = 0) =>
      [
        ...new Set([
          exact_time(Date.parse(at), zone),
          exact_time(Date.parse(at), "local"),
          exact_time(Date.parse(at), "utc"),
        ]),
      ]
        .concat(since(at, offset))
        .join("\n"),
    /** Marks of an axis from `from` to `to` (ms), at most so many; relative ones count from `start`, the run's first moment. */
    ticks: (from: number, to: number, most: number, start: number) =>
      axis_ticks(from, to, most, form === "relative" ? { zone, start } : { zone }),
  };
}

export type Times = ReturnType<typeof times_in>;

/** How this browser wants times told. Whatever shows one asks here, so that all change at once. */
export function useTimes(): Times {
  const form = useTimeForm();
  return useMemo(() => times_in(form), [form]);
}

interface Told {
  at: string | null | undefined;
  offset?: number;
}

/** Its other forms are made when somebody points at it: a table has hundreds. */
function Moment({
  at,
  offset = 0,
  times,
  text,
}: {
  at: string;
  offset?: number;
  times: Times;
  text: string;
}) {
  return (
    <time
      dateTime={at}
      onPointerEnter={(event) => {
        event.currentTarget.title = times.all(at, offset);
      }}
    >
      {text}
    </time>
  );
}

/** How long ago it was; where one wants clocks, the time. */
export function Ago({ at, offset }: Told) {
  const times = useTimes();
  useNow(at != null && (times.form === "fit" || times.form === "relative"));
  if (!at) return null;
  return <Moment at={at} offset={offset} times={times} text={times.when(at, offset)} />;
}

/** The time of day; where one wants no clocks, how long ago. */
export function ClockTime({ at, offset }: Told) {
  const times = useTimes();
  const relative = times.form === "relative";
  useNow(at != null && relative);
  if (!at) return null;
  return (
    <Moment
      at={at}
      offset={offset}
      times={times}
      text={relative ? times.when(at, offset) : times.clock(at)}
    />
  );
}

/** From `since` to `until`; while there is no end, to now or to when it was last heard of (`frozen`). */
export function Elapsed({
  since,
  until,
  frozen = null,
  offset = 0,
}: {
  since: string | null;
  until: string | null;
  frozen?: string | null;
  offset?: number;
}) {
  const now = useNow(since != null && until == null && frozen == null);
  const span = { started_at: since, ended_at: until, lost_since: frozen, clock_offset: offset };
  const seconds = seconds_of(span, now);
  return seconds == null ? null : <span>{duration(seconds)}</span>;
}
