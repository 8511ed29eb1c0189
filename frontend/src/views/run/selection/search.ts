import type { JobFilter } from "../../../api/queries.ts";
import { type JobStatus, job_statuses } from "../../../theme/status.ts";
import { names, one_of, some_of, text_of, tidy } from "../../../ui/search_params.ts";

export const panes = ["jobs", "samples", "timeline", "failures", "log", "info", "graph"] as const;
export type Pane = (typeof panes)[number];

export const job_tabs = ["log", "command", "files", "graph", "resources", "attempts", "code"] as const;
export type JobTab = (typeof job_tabs)[number];

/** The server sorts by these and by `wildcard:NAME`. */
export type SortField =
  | "number"
  | "rule"
  | "status"
  | "started_at"
  | "ended_at"
  | "duration"
  | "waited"
  | "attempt"
  | "threads"
  | "reason"
  | `wildcard:${string}`;
const sorts =
  /^-?(number|rule|status|started_at|ended_at|duration|waited|attempt|threads|reason|wildcard:[^\0]{1,500})$/;

export const orders = ["name", "failed"] as const;

/** What failed comes first, then what runs: the order of every bar. */
export const usual_sort = "status";

/** The one selection of a run's page: every pane reads it from here, and chooses by changing it. */
export interface RunSearch {
  status?: JobStatus[];
  rule?: string[];
  /** Each `name:value`; values of one name are alternatives. */
  wildcard?: string[];
  id?: string[];
  q?: string;
  sort?: string;
  tab?: Pane;
  /** What the graph is of where it is not of rules, and whether its longest chain is marked. */
  graph?: "jobs";
  chain?: "shown";
  /** Of the rule graph: `all` or `none`, and the folds that are not as all are; unset: as a graph of its size opens. */
  folds?: string[];
  find?: string;
  /** Of the samples: which wildcard's values are the rows, where another was chosen than the natural one. */
  rows?: string;
  /** Of the samples, once it is chosen; else failures first where there are any. */
  order?: (typeof orders)[number];
  /** Of the timeline: what its lanes are of (`slot`, `by:NAME` for a wildcard; else the rule). */
  lanes?: string;
  /** Of the timeline: its figures in place of the drawing. */
  show?: "figures";
  jobtab?: JobTab;
  /** Of the job that is open: which attempt, which of its logs, and what is searched for in it. */
  attempt?: string;
  joblog?: string;
  jobfind?: string;
}

function pairs(raw: unknown): string[] | undefined {
  const kept = names(raw, 50, 1000)?.filter((pair) => pair.indexOf(":") > 0);
  return kept && kept.length > 0 ? kept : undefined;
}

function sort_of(raw: unknown): string | undefined {
  const text = text_of(raw);
  return text && sorts.test(text) && text !== usual_sort ? text : undefined;
}

function folds_of(raw: unknown): string[] | undefined {
  const told = names(raw, 300, 500);
  return told && (told[0] === "all" || told[0] === "none") ? told : undefined;
}

function lanes_of(raw: unknown): string | undefined {
  const text = text_of(raw);
  return text === "slot" || text?.startsWith("by:") ? text : undefined;
}

export const run_search = (raw: Record<string, unknown>): RunSearch =>
  tidy({
    status: some_of(raw.status, job_statuses),
    rule: names(raw.rule),
    wildcard: pairs(raw.wildcard),
    id: names(raw.id),
    q: text_of(raw.q),
    sort: sort_of(raw.sort),
    tab: one_of(raw.tab, panes, "jobs"),
    graph: one_of(raw.graph, ["rules", "jobs"] as const, "rules") as "jobs" | undefined,
    chain: one_of(raw.chain, ["hidden", "shown"] as const, "hidden") as "shown" | undefined,
    folds: folds_of(raw.folds),
    find: text_of(raw.find),
    rows: text_of(raw.rows),
    order: orders.find((one) => one === raw.order),
    lanes: lanes_of(raw.lanes),
    show: raw.show === "figures" ? "figures" : undefined,
    jobtab: one_of(raw.jobtab, job_tabs, "log"),
    attempt: text_of(raw.attempt),
    joblog: text_of(raw.joblog),
    jobfind: text_of(raw.jobfind),
  });

export const job_filter = (search: RunSearch): JobFilter => ({
  status: search.status ?? [],
  rule: search.rule ?? [],
  wildcard: search.wildcard ?? [],
  id: search.id ?? [],
  q: search.q ?? "",
  sort: search.sort ?? usual_sort,
});

/** Whether anything is chosen, so that not all jobs are meant. */
export const is_filtered = ({ status, rule, wildcard, id, q }: Omit<JobFilter, "sort">): boolean =>
  status.length + rule.length + wildcard.length + id.length > 0 || q !== "";
