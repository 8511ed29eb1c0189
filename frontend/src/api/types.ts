/** The API's shapes under short names. All other code takes its types from here. */
import type { JobStatus, RunStatus } from "../theme/status.ts";

export type { JobStatus, RunStatus };

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface JobCounts {
  total: number;
  planned: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  aborted: number;
  skipped: number;
}

export interface FirstFailure {
  number: number | null;
  rule: string | null;
  wildcards: Record<string, string>;
  attempt: number | null;
  exit_code: number | null;
  signal: number | null;
  class: string | null;
  message: string | null;
  at: string | null;
}

export interface Run {
  id: string;
  name: string;
  status: RunStatus;
  tags: string[];
  note: string;
  workflow: string;
  workspace: string;
  host: string;
  user: string;
  started_at: string | null;
  ended_at: string | null;
  last_heard_at: string | null;
  lost_since: string | null;
  dry_run: boolean;
  imported: boolean;
  jobs: JobCounts;
  progress: number;
  eta: { low: number; high: number } | null;
  first_failure: FirstFailure | null;
  revision: number;
}

export interface RuleCounts {
  rule: string;
  jobs: JobCounts;
  mean_seconds: number | null;
}

export interface RunDetail extends Run {
  now: string;
  directory: string;
  snakefile: string | null;
  command: string[];
  executor: string | null;
  cores: number | null;
  snakemake_version: string | null;
  python_version: string | null;
  plugin_version: string | null;
  platform: string | null;
  scheduler_id: string | null;
  configfiles: string[];
  config_md5: string | null;
  git: { remote: string | null; commit: string | null; branch: string | null; dirty: boolean | null } | null;
  message: string | null;
  rules: RuleCounts[];
  wildcards: string[];
  events: number;
  gaps: number;
  skipped_events: number;
  may_edit: boolean;
}

export interface RunPatch {
  name?: string;
  tags?: string[];
  note?: string;
}

export interface Job {
  number: number;
  rule: string;
  status: JobStatus;
  wildcards: Record<string, string>;
  attempt: number;
  threads: number | null;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  group: string | null;
  external_id: string | null;
}

export interface AttemptLog {
  path: string | null;
  tail: string | null;
  size: number | null;
  note: string | null;
}

export interface Attempt {
  attempt: number;
  status: JobStatus;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  exit_code: number | null;
  signal: number | null;
  class: string | null;
  message: string | null;
  log: AttemptLog | null;
  external_id: string | null;
  resources: Record<string, unknown>;
  figures: Record<string, number> | null;
}

export interface JobLink {
  number: number;
  rule: string;
  status: JobStatus;
  wildcards: Record<string, string>;
}

export interface JobDetail extends Job {
  now: string;
  run_status: RunStatus;
  inputs: string[];
  outputs: string[];
  inputs_total: number;
  outputs_total: number;
  logs: string[];
  benchmark: string | null;
  resources: Record<string, unknown>;
  priority: number | string | null;
  reason: string | null;
  command: string | null;
  params: unknown;
  environment: { conda: string | null; container: string | null } | null;
  checkpoint: boolean;
  depends_on: JobLink[];
  dependents: JobLink[];
  attempts: Attempt[];
}

export interface RuleGraph {
  nodes: RuleCounts[];
  links: { source: string; target: string }[];
}

export interface LogLine {
  seq: number;
  at: string;
  level: "debug" | "info" | "warning" | "error";
  text: string;
  job: number | null;
}

export interface Failure extends FirstFailure {
  job_status: JobStatus | null;
  log: AttemptLog | null;
  logs: string[];
  command: string | null;
  attempts: number | null;
}

export interface Facets {
  total: number;
  status: Partial<Record<RunStatus, number>>;
  tags: { tag: string; runs: number }[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: Record<string, unknown>[] | null;
}

export interface RunMessage {
  topic: string;
  revision: number;
  now: string;
  run: Run | null;
  rules: RuleCounts[];
  jobs: Job[];
  resync: ("jobs" | "graph" | "run")[];
  deleted: boolean;
}

export interface RunsMessage {
  topic: "runs";
  now: string;
  runs: Run[];
  deleted: string[];
  resync: boolean;
}

export interface Hello {
  now: string;
  version: string;
}

export interface Bye {
  again: boolean;
  reason: string;
}

export interface Me {
  id: string;
  name: string;
  email: string;
  is_superuser: boolean;
  workspaces: { id: string; slug: string; name: string; role: "owner" | "member" | "viewer" }[];
  now: string;
}

export interface SignInConfig {
  version: string;
  password: boolean;
  local: boolean;
}

export interface FirstRun {
  url: string;
  host: string;
  runs: number;
  demo: boolean;
  demo_running: boolean;
  socket: string | null;
  data_dir: string;
  plugin: string;
}

export type Scope = "ingest" | "read" | "full";

export interface TokenCreate {
  name: string;
  scope: Scope;
  expires_in_days: number | null;
  workspace?: string | null;
}

export interface TokenRead {
  id: string;
  name: string;
  scope: Scope;
  workspace: string | null;
  last4: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface TokenCreated extends TokenRead {
  token: string;
}
