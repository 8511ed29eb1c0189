import type { Job } from "../../api/types.ts";
import { server_now } from "../../ui/clock.ts";
import { clock_time } from "../../ui/format.ts";
import type { SortField } from "./search.ts";

export interface Column {
  key: string;
  label: string;
  width: string;
  sort?: SortField;
  wildcard?: string;
  end?: boolean;
}

const most_wildcards = 3;

const hours = "00:00:00".length;

/** Whether any of them started on another day, so that its time is told with the date. */
const dated = (jobs: Job[]): boolean =>
  jobs.some(({ started_at }) => started_at !== null && clock_time(started_at, server_now()).length > hours);

/** Wildcards are columns of their own: those that the listed jobs have, most used first; the rest share one. */
export function columns_for(jobs: Job[], wildcards: string[]): Column[] {
  const present = new Set<string>();
  for (const job of jobs) for (const name of Object.keys(job.wildcards)) present.add(name);
  const ordered = [
    ...wildcards.filter((name) => present.has(name)),
    ...[...present].filter((n) => !wildcards.includes(n)),
  ];
  const own = ordered.length > most_wildcards ? ordered.slice(0, most_wildcards - 1) : ordered;
  const rest = ordered.slice(own.length);
  const middle: Column[] = own.map((name) => ({
    key: `w:${name}`,
    label: name,
    width: "minmax(56px, 1fr)",
    wildcard: name,
  }));
  if (rest.length > 0) {
    middle.push({ key: "w:rest", label: rest.join(" "), width: "minmax(80px, 1.4fr)", wildcard: "" });
  }
  return [
    { key: "status", label: "Status", width: "104px", sort: "status" },
    { key: "rule", label: "Rule", width: "minmax(112px, 1.7fr)", sort: "rule" },
    ...middle,
    { key: "attempt", label: "Try", width: "40px", sort: "attempt", end: true },
    {
      key: "started",
      label: "Started",
      width: dated(jobs) ? "128px" : "88px",
      sort: "started_at",
      end: true,
    },
    { key: "took", label: "Took", width: "88px", sort: "duration", end: true },
    { key: "number", label: "Id", width: "52px", sort: "number", end: true },
  ];
}

/** What the shared column shows: the wildcards that have none of their own. */
export function rest_of(job: Job, columns: Column[]): string {
  const own = new Set(columns.map((column) => column.wildcard).filter(Boolean));
  return Object.entries(job.wildcards)
    .filter(([name]) => !own.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
