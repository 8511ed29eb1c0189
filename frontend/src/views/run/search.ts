import type { JobFilter } from "../../api/queries.ts";
import { type JobStatus, job_statuses } from "../../theme/status.ts";
import { names, one_of, some_of, text_of, tidy } from "../../ui/search_params.ts";

export const panes = ["jobs", "failures", "log", "info", "graph"] as const;
export type Pane = (typeof panes)[number];

export const job_tabs = ["log", "command", "files", "resources", "attempts", "code"] as const;
export type JobTab = (typeof job_tabs)[number];

export const sort_fields = ["number", "rule", "status", "started_at", "duration", "attempt"] as const;
export type SortField = (typeof sort_fields)[number];
const sorts = sort_fields.flatMap((field) => [field, `-${field}`]);

/** What failed comes first, then what runs: the order of every bar. */
export const usual_sort = "status";

/** The one selection of a run's page: every pane reads it from here, and chooses by changing it. */
export interface RunSearch {
  status?: JobStatus[];
  rule?: string[];
  q?: string;
  sort?: string;
  tab?: Pane;
  find?: string;
  jobtab?: JobTab;
  /** Of the job that is open: which attempt, which of its logs, and what is searched for in it. */
  attempt?: string;
  joblog?: string;
  jobfind?: string;
}

export const run_search = (raw: Record<string, unknown>): RunSearch =>
  tidy({
    status: some_of(raw.status, job_statuses),
    rule: names(raw.rule),
    q: text_of(raw.q),
    sort: one_of(raw.sort, sorts, usual_sort),
    tab: one_of(raw.tab, panes, "jobs"),
    find: text_of(raw.find),
    jobtab: one_of(raw.jobtab, job_tabs, "log"),
    attempt: text_of(raw.attempt),
    joblog: text_of(raw.joblog),
    jobfind: text_of(raw.jobfind),
  });

export const job_filter = (search: RunSearch): JobFilter => ({
  status: search.status ?? [],
  rule: search.rule ?? [],
  q: search.q ?? "",
  sort: search.sort ?? usual_sort,
});
