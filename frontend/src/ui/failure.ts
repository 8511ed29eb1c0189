import { plain_lines } from "./ansi.ts";
import { signal_name } from "./format.ts";

interface Reason {
  exit_code: number | null;
  signal: number | null;
  class: string | null;
}

const last_signal = 64;

const class_words: Record<string, string> = { oom: "out of memory", timeout: "time limit" };

/** How it ended in a few words: "exit 137 · out of memory". */
export function reason_of({ exit_code, signal, class: kind }: Reason): string {
  const parts: string[] = [];
  if (signal != null) parts.push(signal_name(signal));
  else if (exit_code != null) parts.push(`exit ${exit_code}`);
  // A shell tells signal n as exit code 128 + n; an exit code that is not 0 says so itself.
  const n = signal == null && exit_code != null ? exit_code - 128 : 0;
  if (kind === "signal" && n > 0 && n <= last_signal) parts.push(signal_name(n));
  else if (kind === "unknown") return parts[0] ?? "reason not known";
  else if (kind && kind !== "nonzero_exit" && kind !== "signal")
    parts.push(class_words[kind] ?? kind.replaceAll("_", " "));
  return parts.join(" · ");
}

/** The line that says most of a message of Snakemake's: of a traceback its exception, not where it came through. */
export function headline(message: string): string {
  const [below, ...above] = plain_lines(message)
    .join("\n")
    .split("Traceback (most recent call last):")
    .reverse();
  const lines = (below ?? "")
    .split("\n")
    .filter((line) => line.trim() && !(above.length && /^\s/.test(line)));
  const [first = message.trim().split("\n").at(-1) ?? "", second] = lines.map((line) => line.trim());
  if (!second || !first.endsWith(":")) return first;
  const name = /^(\w+) in (?:.+ in )?file .+, line \d+:$/.exec(first)?.[1] ?? first.slice(0, -1);
  return `${name}: ${second.replace(/^Error: /, "").replace(/:$/, "")}`;
}

/** What its class is known by, where that says more than the exit code or signal does. */
export function evidence_of({ evidence }: { evidence: string | null }): string {
  return evidence && !/^(exit code \d+( \(.*\))?|killed by \S+( \d+)?|MissingOutputException)$/.test(evidence)
    ? evidence
    : "";
}

/** Lines of a log that look like the cause: marked, so that the eye need not search. */
const offending =
  /\b(\w*error|\w*exception|fatal|killed|out of memory|oom|segmentation fault|no such file|permission denied|cannot|traceback|command not found|fail(ed)?|abort(ed)?)\b|\[E::/i;
const harmless = /\b(0 errors?|errors?: 0|no errors?|errors?=0)\b/i;
export const is_offending = (line: string): boolean => offending.test(line) && !harmless.test(line);

/** The same beside lines of a log or a message, which may say it already. */
export function more_evidence(evidence: string | null, said: string[]): string {
  const told = evidence_of({ evidence });
  const words = told.replace(/^[\w ]+: /, "").trim();
  return said.some((line) => line.includes(words)) ? "" : told;
}

/** Whether a message says only that a command, of one line or several, failed, and with which code: that stands elsewhere. */
export const says_nothing_more = (message: string): boolean =>
  /(^|\n)(Error in rule \S+|Command .*(returned non-zero exit status|died with)[^\n]*)$/s.test(
    message.trim(),
  );

/** The last lines that say something: from the first offending one among them, where there is one. */
export function last_words(text: string, most: number): string[] {
  const lines = plain_lines(text.replace(/\s+$/, ""));
  const tail = lines.slice(-most);
  if (tail.some(is_offending)) return tail;
  const at = lines.findLastIndex(is_offending);
  return at < 0 ? tail : lines.slice(at, at + most);
}
