import { useSyncExternalStore } from "react";
import type { Job } from "../../../api/types.ts";
import { kinds_text } from "../graph/reasons.ts";
import type { SortField } from "../selection/search.ts";

export interface Column {
  key: string;
  label: string;
  /** At least so many pixels, and its share of what is left; 0: it keeps its width. */
  least: number;
  share: number;
  sort?: SortField;
  wildcard?: string;
  end?: boolean;
  /** Shown until somebody chooses otherwise. */
  usual: boolean;
}

const most_wildcards = 3;

/** All columns that there can be. Wildcards are columns of their own, the run's most used first; the third and later
 * ones share a column until they are chosen. `dated`: times are told with the day. */
export function all_columns(jobs: Job[], wildcards: string[], dated: boolean): Column[] {
  const present = new Set(wildcards);
  for (const job of jobs) for (const name of Object.keys(job.wildcards)) present.add(name);
  const names = [...present];
  const own = names.length > most_wildcards ? most_wildcards - 1 : names.length;
  const time = dated ? 128 : 88;
  return [
    { key: "status", label: "Status", least: 104, share: 0, sort: "status", usual: true },
    { key: "rule", label: "Rule", least: 112, share: 1.7, sort: "rule", usual: true },
    ...names.map(
      (name, i): Column => ({
        key: `w:${name}`,
        label: name,
        least: 56,
        share: 1,
        sort: `wildcard:${name}`,
        wildcard: name,
        usual: i < own,
      }),
    ),
    { key: "rest", label: "Other wildcards", least: 80, share: 1.4, usual: names.length > own },
    { key: "attempt", label: "Try", least: 40, share: 0, sort: "attempt", end: true, usual: true },
    { key: "waited", label: "Waited", least: 88, share: 0, sort: "waited", end: true, usual: false },
    { key: "started", label: "Started", least: time, share: 0, sort: "started_at", end: true, usual: true },
    { key: "ended", label: "Ended", least: time, share: 0, sort: "ended_at", end: true, usual: false },
    { key: "took", label: "Took", least: 88, share: 0, sort: "duration", end: true, usual: true },
    { key: "threads", label: "Threads", least: 64, share: 0, sort: "threads", end: true, usual: false },
    { key: "reason", label: "Why it runs", least: 112, share: 1, sort: "reason", usual: false },
    { key: "group", label: "Group", least: 80, share: 0.6, usual: false },
    { key: "external", label: "Cluster id", least: 88, share: 0.6, usual: false },
    { key: "number", label: "Id", least: 52, share: 0, sort: "number", end: true, usual: true },
  ];
}

/** What a person chose to see or not to see, by key. */
export type Choices = Record<string, boolean>;

export const shown_columns = (all: Column[], choices: Choices): Column[] => {
  const shown = all.filter(({ key, usual }) => choices[key] ?? usual);
  const left = all.filter(({ wildcard }) => wildcard).filter((column) => !shown.includes(column));
  return shown.filter(({ key }) => key !== "rest" || left.length > 0);
};

export const track = ({ least, share }: Column): string =>
  share ? `minmax(${least}px, ${share}fr)` : `${least}px`;

const place = "flowo.columns";
const most_workflows = 60;
const listeners = new Set<() => void>();
const none: Choices = {};

/** Choices by workflow, those made last at the end. */
type Kept = Record<string, Choices>;

function read(): Kept {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? "{}") as unknown;
    return kept !== null && typeof kept === "object" && !Array.isArray(kept) ? (kept as Kept) : {};
  } catch {
    return {}; // a browser that keeps nothing, or something else under that name
  }
}

let kept = read();

/** Runs of another workflow have other wildcards, and other columns matter in them. */
export function choose_column(workflow: string, key: string, show: boolean) {
  const { [workflow]: held, ...others } = kept;
  const rest = Object.entries(others).slice(1 - most_workflows);
  kept = { ...Object.fromEntries(rest), [workflow]: { ...held, [key]: show } };
  try {
    localStorage.setItem(place, JSON.stringify(kept));
  } catch {
    // For this page then.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Kept in this browser, for all runs of the workflow. */
export const useColumnChoices = (workflow: string): Choices =>
  useSyncExternalStore(subscribe, () => kept[workflow] ?? none);

/** What the shared column shows: the wildcards that have none of their own. */
export function rest_of(job: Job, columns: Column[]): string {
  const own = new Set(columns.map((column) => column.wildcard).filter(Boolean));
  return Object.entries(job.wildcards)
    .filter(([name]) => !own.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** One cell's text stays in its cell, and no spreadsheet takes it for a formula. */
const tame = (text: string | null | undefined): string =>
  (text ?? "").replace(/[\t\r\n]+/g, " ").replace(/^(?=[=+\-@])/, "'");

/** A cell as text, for the clipboard: times and seconds exact, so that a spreadsheet can go on with them. */
export function cell_text(job: Job, column: Column, columns: Column[]): string {
  if (column.wildcard) return tame(job.wildcards[column.wildcard]);
  const texts: Record<string, string | number | null> = {
    status: job.status,
    rule: tame(job.rule),
    rest: tame(rest_of(job, columns)),
    attempt: job.attempt,
    waited: job.queue_seconds,
    started: job.started_at,
    ended: job.ended_at,
    took: job.run_seconds,
    threads: job.threads,
    reason: kinds_text(job.reasons),
    group: tame(job.group),
    external: tame(job.external_id),
    number: job.number,
  };
  return String(texts[column.key] ?? "");
}

export const table_text = (jobs: Iterable<Job>, columns: Column[]): string =>
  [
    columns.map(({ label }) => label).join("\t"),
    ...[...jobs].map((job) => columns.map((column) => cell_text(job, column, columns)).join("\t")),
  ].join("\n");
