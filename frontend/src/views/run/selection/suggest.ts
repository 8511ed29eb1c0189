import type { JobCounts, RuleCounts } from "../../../api/types.ts";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { count } from "../../../ui/format.ts";
import { type Known, key_of, keys_of, quoted, type Token, tokens } from "./terms.ts";

export interface Suggestion {
  /** What takes the place of the term that is being typed. */
  term: string;
  key: string;
  value: string;
  detail: string;
  /** Whether it is a whole term, or a key that waits for its value. */
  whole: boolean;
}

const most = 12;
const most_letters = 500; // of what the server looks for

/** The term in which the caret stands, or nothing: a new one would begin there. */
export const token_at = (text: string, caret: number): Token | undefined =>
  tokens(text).find((token) => token.start < caret && caret <= token.end);

/** Which values the server is to be asked for: of one wildcard, or of all; nothing while there is nothing to go by. */
export function asked_values(
  token: Token | undefined,
  known: Known,
): { name: string | null; q: string } | null {
  if (!token || known.wildcards.length === 0 || token.value.length > most_letters) return null;
  if (token.key === null) return token.value.length > 0 ? { name: null, q: token.value } : null;
  const name = known.wildcards.find((one) => key_of(one) === token.key);
  return name === undefined ? null : { name, q: token.value };
}

/** Those that begin so before those that hold it. */
function matching(names: string[], typed: string): string[] {
  const small = typed.toLowerCase();
  const begins = names.filter((name) => name.toLowerCase().startsWith(small));
  const holds = names.filter((name) => !begins.includes(name) && name.toLowerCase().includes(small));
  return [...begins, ...holds];
}

export function suggestions(
  token: Token | undefined,
  run: { rules: RuleCounts[]; jobs: JobCounts; wildcards: string[] },
  values: { name: string; value: string }[],
): Suggestion[] {
  const known: Known = { rules: run.rules.map(({ rule }) => rule), wildcards: run.wildcards };
  const totals = new Map(run.rules.map(({ rule, jobs }) => [rule, jobs.total]));
  const typed = token?.value ?? "";
  const whole = (key: string, value: string, detail: string): Suggestion => ({
    term: `${key}:${quoted(value)}`,
    key,
    value,
    detail,
    whole: true,
  });
  const statuses = (only: (status: string) => boolean) =>
    job_statuses
      .filter((status) => only(status) || only(look_of(status).word))
      .map((status) => whole("status", status, run.jobs[status] > 0 ? count(run.jobs[status]) : "none"));
  const rules = (limit: number) =>
    matching(known.rules, typed)
      .slice(0, limit)
      .map((rule) => whole("rule", rule, count(totals.get(rule) ?? 0)));
  const wild = (limit: number) =>
    values.slice(0, limit).map(({ name, value }) => whole(key_of(name), value, ""));

  if (token?.key === "status") return statuses((word) => word.startsWith(typed.toLowerCase()));
  if (token?.key === "rule") return rules(most);
  if (token && token.key !== null) return wild(most);
  const keys = keys_of(known)
    .filter((key) => key.toLowerCase().startsWith(typed.toLowerCase()))
    .slice(0, most)
    .map(
      (key): Suggestion => ({
        term: `${key}:`,
        key,
        value: "",
        detail: hints[key] ?? "wildcard",
        whole: false,
      }),
    );
  if (!typed) return keys;
  return [
    ...keys,
    ...statuses((word) => word.startsWith(typed.toLowerCase())),
    ...rules(5),
    ...wild(6),
  ].slice(0, most);
}

const hints: Record<string, string> = {
  status: "how it stands",
  rule: "by name",
  id: "Snakemake's or the cluster's",
};
