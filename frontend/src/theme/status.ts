/** The only place that knows how a status is called, drawn and coloured. */

export const run_statuses = ["running", "failed", "lost", "interrupted", "succeeded"] as const;
export type RunStatus = (typeof run_statuses)[number];

/** The fixed order of every bar and counter: what went wrong first, then what moves, then what is done or to come. */
export const job_statuses = [
  "failed",
  "aborted",
  "running",
  "queued",
  "succeeded",
  "skipped",
  "planned",
] as const;
export type JobStatus = (typeof job_statuses)[number];

export type Status = RunStatus | JobStatus;

/** Drawn on a 16 px grid with a stroke of 1.6; `dash` for rings that are not whole. */
export interface Glyph {
  path: string;
  dash?: string;
  faint?: string;
}

export interface StatusLook {
  word: string;
  glyph: Glyph;
  light: string;
  dark: string;
}

const ring = "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12z";
const half = "M8 2a6 6 0 0 1 0 12";
const tick = "M3 8.6l3.4 3.5L13 4.4";
const cross = "M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4";
const bars = "M5.6 3.4v9.2M10.4 3.4v9.2";
const question = "M6.2 6.4a1.9 1.9 0 1 1 2.8 1.7c-.7.4-1 .7-1 1.3M8 11.3v.1";

export const statuses: Record<Status, StatusLook> = {
  planned: { word: "planned", glyph: { path: ring, dash: "0.6 2.54" }, light: "#7c8798", dark: "#7d8797" },
  queued: { word: "queued", glyph: { path: `${ring}M8 4.8V8l2.2 1.6` }, light: "#b7791f", dark: "#d9a441" },
  running: { word: "running", glyph: { path: half, faint: ring }, light: "#1d6fd1", dark: "#5aa2f2" },
  succeeded: { word: "succeeded", glyph: { path: tick }, light: "#15803d", dark: "#4cb878" },
  failed: { word: "failed", glyph: { path: cross }, light: "#c2361a", dark: "#f0704f" },
  aborted: { word: "aborted", glyph: { path: bars }, light: "#7a4fbf", dark: "#a98ae0" },
  skipped: { word: "skipped", glyph: { path: "M3.5 8h9" }, light: "#8b94a2", dark: "#6b7585" },
  interrupted: { word: "interrupted", glyph: { path: bars }, light: "#7a4fbf", dark: "#a98ae0" },
  lost: {
    word: "lost",
    glyph: { path: question, faint: ring, dash: "2.6 2.1" },
    light: "#b45309",
    dark: "#e08a3c",
  },
};

export const is_run_status = (text: string): text is RunStatus =>
  (run_statuses as readonly string[]).includes(text);
export const is_job_status = (text: string): text is JobStatus =>
  (job_statuses as readonly string[]).includes(text);

/** A status that a newer server may send is drawn as planned, with its own word. */
export function look_of(status: string): StatusLook {
  return (
    (statuses as Record<string, StatusLook | undefined>)[status] ?? { ...statuses.planned, word: status }
  );
}
