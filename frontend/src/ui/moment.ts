/** Points in time in words. Times are RFC 3339 or milliseconds since 1970; a zone is the reader's own or UTC. */

export type Zone = "local" | "utc";

const day_ms = 86_400_000;
const two = (n: number) => String(n).padStart(2, "0");

/** As many minutes as the zone is behind UTC at that moment. */
const behind_ms = (ms: number, zone: Zone) =>
  zone === "utc" ? 0 : new Date(ms).getTimezoneOffset() * 60_000;

/** A date whose UTC fields are those of the zone: one way to read hours and days, whichever zone it is. */
const in_zone = (ms: number, zone: Zone) => new Date(ms - behind_ms(ms, zone));

const day_of = (ms: number, zone: Zone) => Math.floor(in_zone(ms, zone).getTime() / day_ms);

// Made once: a formatter costs more than what it formats, and a table has many.
const formats = new Map<string, Intl.DateTimeFormat>();
function formatted(at: Date, name: string, options: Intl.DateTimeFormatOptions): string {
  let format = formats.get(name);
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, options);
    formats.set(name, format);
  }
  return format.format(at);
}

/** "25 Nov", with the year where it is not the same as now. */
export function date_text(ms: number, now_ms: number, zone: Zone): string {
  const at = in_zone(ms, zone);
  const day = { month: "short", day: "numeric", timeZone: "UTC" } as const;
  return at.getUTCFullYear() === in_zone(now_ms, zone).getUTCFullYear()
    ? formatted(at, "day", day)
    : formatted(at, "year", { ...day, year: "numeric" });
}

export const same_day = (ms: number, now_ms: number, zone: Zone) => day_of(ms, zone) === day_of(now_ms, zone);

/** "14:02:11" */
export function time_of_day(ms: number, zone: Zone): string {
  const at = in_zone(ms, zone);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** The time of day, with the day where it is not the same as today's. */
export function clock_time(ms: number, now_ms: number, zone: Zone): string {
  const time = time_of_day(ms, zone);
  return same_day(ms, now_ms, zone) ? time : `${date_text(ms, now_ms, zone)} ${time}`;
}

/** "3 min ago", by the clock that the time itself is of. */
export function ago(ms: number, now_ms: number, zone: Zone): string {
  const s = (now_ms - ms) / 1000;
  if (s < 10) return "just now";
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  const days = day_of(now_ms, zone) - day_of(ms, zone);
  if (days === 0 || s < 6 * 3600) return `${Math.floor(s / 3600)} h ago`;
  if (days === 1) return "yesterday";
  if (days < 30) return `${days} days ago`;
  return formatted(in_zone(ms, zone), "date", {
    year: "numeric",
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  });
}

/** "25 Nov 2026, 14:02:11 UTC" */
export function exact_time(ms: number, zone: Zone): string {
  return formatted(new Date(ms), `exact ${zone}`, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    timeZone: zone === "utc" ? "UTC" : undefined,
  });
}

/** What a stop watch shows: "0:03:11". */
export function stop_watch(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const text = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return seconds <= -1 ? `−${text}` : text;
}

const s = 1000;
const min = 60 * s;
const h = 60 * min;
const steps = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((n) => n * s),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * min),
  ...[1, 2, 3, 6, 12].map((n) => n * h),
  ...[1, 2, 7, 14, 28, 91, 364].map((n) => n * day_ms),
];

export interface Tick {
  at: number;
  text: string;
}

/** What has passed since the start, as short as the step allows. */
function passed(ms: number, step: number): string {
  if (ms === 0) return "0";
  const sign = ms < 0 ? "−" : "";
  let left = Math.abs(ms);
  const parts: string[] = [];
  for (const [word, size] of [
    ["d", day_ms],
    ["h", h],
    ["min", min],
  ] as const) {
    const many = Math.floor(left / size);
    if (many > 0) parts.push(`${many} ${word}`);
    left -= many * size;
  }
  if (left > 0) parts.push(`${step < s ? (left / s).toFixed(1) : Math.round(left / s)} s`);
  return sign + parts.join(" ");
}

/**
 * Where an axis of time from `from` to `to` (ms) has its marks, and what stands at them: at most `most`, on round times of the zone,
 * with the day at midnight. With a `start` they count from there: "0", "5 min", "1 h 30 min".
 */
export function axis_ticks(
  from: number,
  to: number,
  most: number,
  { zone, start }: { zone: Zone; start?: number },
): Tick[] {
  if (!(to > from) || most < 1) return [];
  const step =
    steps.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / day_ms) * day_ms;
  const ticks: Tick[] = [];
  if (start !== undefined) {
    for (let n = Math.ceil((from - start) / step); start + n * step <= to; n++) {
      ticks.push({ at: start + n * step, text: passed(n * step, step) });
    }
    return ticks;
  }
  const [begin, end] = [in_zone(from, zone).getTime(), in_zone(to, zone).getTime()];
  for (let wall = Math.ceil(begin / step) * step; wall <= end; wall += step) {
    // Where clocks are turned the zone differs before and after: asked again for the moment itself.
    const near = wall + behind_ms(from, zone);
    const at = wall + behind_ms(near, zone);
    if (at < from || at > to || at <= (ticks.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) continue;
    const text =
      wall % day_ms === 0
        ? date_text(at, at, zone)
        : step >= min
          ? time_of_day(at, zone).slice(0, -3)
          : time_of_day(at, zone) + (step < s ? (Math.round((wall % s) / 100) / 10).toFixed(1).slice(1) : "");
    ticks.push({ at, text });
  }
  return ticks;
}
