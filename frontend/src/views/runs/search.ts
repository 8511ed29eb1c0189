import { type RunStatus, run_statuses } from "../../theme/status.ts";
import { names, some_of, text_of, tidy } from "../../ui/search_params.ts";

export interface RunsSearch {
  status?: RunStatus[];
  tag?: string[];
  q?: string;
}

export const runs_search = (raw: Record<string, unknown>): RunsSearch =>
  tidy({ status: some_of(raw.status, run_statuses), tag: names(raw.tag), q: text_of(raw.q) });
