import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, path, status_of } from "./client.ts";
import { type HeldLog, joined, whole } from "./tails.ts";
import type {
  Alike,
  Count,
  Facets,
  Failure,
  FirstRun,
  Grid,
  JobDetail,
  LogLine,
  LogText,
  Me,
  Page,
  Rerun,
  RuleDetail,
  RuleGraph,
  Run,
  RunDetail,
  Siblings,
  SignInConfig,
  TokenRead,
  WildcardValues,
} from "./types.ts";

export interface RunFilter {
  status: string[];
  tag: string[];
  q: string;
}

export interface JobFilter {
  status: string[];
  rule: string[];
  wildcard: string[];
  id: string[];
  q: string;
  sort: string;
}

/** Which jobs, in whatever order. */
export type JobChoice = Omit<JobFilter, "sort">;
export const choice_of = ({ status, rule, wildcard, id, q }: JobChoice): JobChoice => ({
  status,
  rule,
  wildcard,
  id,
  q,
});

/** Every key begins with what it is about, so that `live/apply.ts` finds all that a message touches. */
export const keys = {
  me: ["me"] as const,
  first_run: ["first-run"] as const,
  tokens: ["tokens"] as const,
  runs: ["runs"] as const,
  run_lists: ["runs", "list"] as const,
  facets: ["runs", "facets"] as const,
  siblings: (id: string) => ["runs", "siblings", id] as const,
  run: (id: string) => ["run", id] as const,
  detail: (id: string) => ["run", id, "detail"] as const,
  job_lists: (id: string) => ["run", id, "jobs"] as const,
  job_marks: (id: string) => ["run", id, "marks"] as const,
  job_counts: (id: string) => ["run", id, "count"] as const,
  job: (id: string, number: number) => ["run", id, "job", number] as const,
  rule: (id: string, rule: string) => ["run", id, "rule", rule] as const,
  rulegraph: (id: string) => ["run", id, "rulegraph"] as const,
  grid: (id: string) => ["run", id, "grid"] as const,
  log: (id: string) => ["run", id, "log"] as const,
  tail: (topic: string) => ["tail", topic] as const,
  failures: (id: string) => ["run", id, "failures"] as const,
  wildcards: (id: string) => ["run", id, "wildcards"] as const,
};

export const run_route = (id: string) => `runs/${encodeURIComponent(id)}`;

export const me_query = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => get<Me>(path("me"), signal),
  staleTime: 300_000,
  retry: (times, error) => status_of(error) !== 401 && times < 2,
});

export const sign_in_query = queryOptions({
  queryKey: ["sign-in"],
  queryFn: ({ signal }) => get<SignInConfig>(path("auth/config"), signal),
});

export const first_run_query = queryOptions({
  queryKey: keys.first_run,
  queryFn: ({ signal }) => get<FirstRun>(path("first-run"), signal),
});

export const tokens_query = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => get<Page<TokenRead>>(path("tokens", { limit: 200 }), signal),
});

export const facets_query = queryOptions({
  queryKey: keys.facets,
  queryFn: ({ signal }) => get<Facets>(path("runs/facets"), signal),
});

export const runs_query = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: [...keys.run_lists, filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Run>>(path("runs", { ...filter, limit: 100, cursor: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });

export const run_query = (id: string) =>
  queryOptions({
    queryKey: keys.detail(id),
    queryFn: ({ signal }) => get<RunDetail>(path(run_route(id)), signal),
    // An answer that was on its way while the stream told newer things must not take them back.
    structuralSharing: (old, next) => {
      const before = old as RunDetail | undefined;
      return before && before.revision > (next as RunDetail).revision ? before : next;
    },
  });

export const siblings_query = (id: string) =>
  queryOptions({
    queryKey: keys.siblings(id),
    queryFn: ({ signal }) => get<Siblings>(path(`${run_route(id)}/siblings`, { limit: 20 }), signal),
  });

/** Where the browser finds the chosen jobs as CSV. `numbers`, as 3,5-9, are those alone: a filter may leave them by then. */
export const jobs_csv = (id: string, filter: JobChoice, numbers?: string) =>
  path(`${run_route(id)}/jobs.csv`, numbers ? { numbers } : { ...choice_of(filter) });

export const jobs_count_query = (id: string, filter: JobChoice) =>
  queryOptions({
    queryKey: [...keys.job_counts(id), choice_of(filter)],
    queryFn: ({ signal }) =>
      get<Count>(path(`${run_route(id)}/jobs/count`, { ...choice_of(filter) }), signal),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });

export const job_query = (id: string, number: number) =>
  queryOptions({
    queryKey: keys.job(id, number),
    queryFn: ({ signal }) => get<JobDetail>(path(`${run_route(id)}/jobs/${number}`), signal),
  });

export const rule_query = (id: string, rule: string) =>
  queryOptions({
    queryKey: keys.rule(id, rule),
    queryFn: ({ signal }) =>
      get<RuleDetail>(path(`${run_route(id)}/rules/${encodeURIComponent(rule)}`), signal),
    staleTime: 60_000, // written once, soon after the run began
  });

export const rulegraph_query = (id: string) =>
  queryOptions({
    queryKey: keys.rulegraph(id),
    queryFn: ({ signal }) => get<RuleGraph>(path(`${run_route(id)}/rulegraph`), signal),
  });

/** By the wildcard that most rules have where none is asked for. */
export const grid_query = (id: string, wildcard: string | null) =>
  queryOptions({
    queryKey: [...keys.grid(id), wildcard],
    queryFn: ({ signal }) => get<Grid>(path(`${run_route(id)}/grid`, { wildcard }), signal),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });

export const failure_groups_query = (id: string, filter: JobChoice) =>
  infiniteQueryOptions({
    queryKey: [...keys.failures(id), "groups", choice_of(filter)],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Alike>>(
        path(`${run_route(id)}/failures/groups`, { ...choice_of(filter), limit: 50, cursor: pageParam }),
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });

/** Those that are alike, one by one. */
export const failures_query = (id: string, signature: string, filter: JobChoice) =>
  infiniteQueryOptions({
    queryKey: [...keys.failures(id), "list", signature, choice_of(filter)],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Failure>>(
        path(`${run_route(id)}/failures`, { signature, ...choice_of(filter), limit: 100, cursor: pageParam }),
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });

export const rerun_query = (id: string) =>
  queryOptions({
    queryKey: [...keys.failures(id), "rerun"],
    queryFn: ({ signal }) => get<Rerun>(path(`${run_route(id)}/rerun`), signal),
  });

/** What is offered while one types: values of one wildcard, or of all. */
export const wildcard_values_query = (id: string, asked: { name: string | null; q: string } | null) =>
  queryOptions({
    queryKey: [...keys.wildcards(id), asked],
    queryFn: ({ signal }) =>
      get<WildcardValues>(path(`${run_route(id)}/wildcards`, { ...asked, limit: 12 }), signal),
    enabled: asked !== null,
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });

/** One of the logs of an attempt. `log`: its place among those that the job declares, or the cluster's. */
export interface WhichLog {
  id: string;
  number: number;
  attempt: number;
  log: number | "cluster";
}

export const topic_of = ({ id, number, attempt, log }: WhichLog) => `log:${id}:${number}:${attempt}:${log}`;

/** Asks for what comes behind what is held; the stream tells of the rest as it is read. */
export const tail_query = (which: WhichLog) => {
  const queryKey = keys.tail(topic_of(which));
  return queryOptions({
    queryKey,
    queryFn: async ({ signal, client }) => {
      const held = client.getQueryData<HeldLog>(queryKey);
      const { id, number, attempt, log } = which;
      const since = held?.generation ? { generation: held.generation, since: held.stop } : {};
      const route = `${run_route(id)}/jobs/${number}/logs/${log}`;
      const told = await get<LogText>(path(route, { attempt, ...since }), signal);
      return joined(client.getQueryData<HeldLog>(queryKey), told) ?? whole(told);
    },
    structuralSharing: false,
    staleTime: 0,
    gcTime: 20_000,
  });
};

export const log_page_size = 500;

/** The log only grows: pages that are full never change, so `since` carries on from the last line held. */
export const log_query = (id: string) =>
  infiniteQueryOptions({
    queryKey: keys.log(id),
    queryFn: ({ pageParam, signal }) =>
      get<Page<LogLine>>(
        path(`${run_route(id)}/log`, { limit: log_page_size, since: pageParam >= 0 ? pageParam : null }),
        signal,
      ),
    initialPageParam: -1,
    getNextPageParam: (page) => (page.next ? page.items.at(-1)?.seq : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  });
