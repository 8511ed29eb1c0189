/** The API's shapes under short names. All other code takes its types from here; schema.gen.ts is made by `npm run client`. */
import type { components } from "./schema.gen.ts";

type Schemas = components["schemas"];

/** The server always sends every field; the generator marks those optional that have a default. */
export type Whole<T> = T extends (infer U)[]
  ? Whole<U>[]
  : T extends object
    ? { [K in keyof T]-?: Whole<T[K]> }
    : T;

type Answer<Name extends keyof Schemas> = Whole<Schemas[Name]>;

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type RunStatus = Schemas["RunStatus"];
export type JobStatus = Schemas["JobStatus"];
export type JobCounts = Answer<"JobCounts">;
export type FirstFailure = Answer<"FirstFailure">;
export type Run = Answer<"Run">;
export type RuleCounts = Answer<"RuleCounts">;
export type RunDetail = Answer<"RunDetail">;
export type Waiting = Answer<"Waiting">;
export type Sibling = Answer<"Sibling">;
export type Siblings = Answer<"Siblings">;
export type RunPatch = Schemas["RunPatch"];
export type Job = Answer<"Job">;
export type AttemptLog = Answer<"AttemptLog">;
export type Attempt = Answer<"Attempt">;
export type Graph = Answer<"Graph">;
export type Grid = Answer<"Grid">;
export type SpansAnswer = Answer<"Spans">;
export type Matches = Answer<"Matches">;
export type JobValues = Answer<"JobValues">;
export type JobLink = Answer<"JobLink">;
export type JobDetail = Answer<"JobDetail">;
export type RuleDetail = Answer<"RuleDetail">;
export type Figures = Answer<"Figures">;
export type RuleUsage = Answer<"RuleUsage">;
export type Usage = Answer<"Usage">;
export type RuleGraph = Answer<"RuleGraph">;
export type RuleSource = Answer<"RuleSource">;
export type LogLine = Answer<"LogLine">;
export type Alike = Answer<"Alike">;
export type Rerun = Answer<"Rerun">;
export type Failure = Answer<"Failure">;
export type Facets = Answer<"Facets">;
export type Count = Answer<"Count">;
export type Marks = Answer<"Marks">;
export type Neighbours = Answer<"Neighbours">;
export type WildcardValues = Answer<"WildcardValues">;
export type Problem = Schemas["Problem"];

export type RunMessage = Answer<"RunMessage">;
export type RunsMessage = Answer<"RunsMessage">;
export type LogText = Answer<"LogText">;
export type LogMessage = Answer<"LogMessage">;
export type Resync = Answer<"Resync">;
export type Hello = Answer<"Hello">;
export type Bye = Answer<"Bye">;

export type Me = Answer<"Me">;
export type SignInConfig = Answer<"SignInConfig">;
export type Scope = Schemas["Scope"];
export type TokenCreate = Omit<Schemas["TokenCreate"], "workspace">;
export type TokenRead = Answer<"TokenRead">;
export type TokenCreated = Answer<"TokenCreated">;

export type FirstRun = Answer<"FirstRun">;
