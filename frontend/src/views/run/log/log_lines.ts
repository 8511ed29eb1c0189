import type { LogLine } from "../../../api/types.ts";
import { plain_lines } from "../../../ui/ansi.ts";

/** A line as it is drawn: a message of Snakemake may have several, and only the first carries time and number. */
export interface DrawnLine {
  seq: number;
  first: boolean;
  at: string;
  level: LogLine["level"];
  job: number | null;
  text: string;
}

export function drawn_lines(lines: LogLine[]): DrawnLine[] {
  return lines.flatMap(({ seq, at, level, job, text: told }) => {
    const parts = plain_lines(told.replace(/\s+$/, ""));
    return (parts.length > 0 ? parts : [""]).map((text, i) => ({
      seq,
      first: i === 0,
      at,
      level,
      job,
      text,
    }));
  });
}

export function found_in(lines: { text: string }[], find: string): number[] {
  const needle = find.trim().toLowerCase();
  if (!needle) return [];
  const found: number[] = [];
  lines.forEach((line, i) => {
    if (line.text.toLowerCase().includes(needle)) found.push(i);
  });
  return found;
}

/** The text cut at what was searched for, so that it can be marked: odd parts are hits. */
export function cut_at(text: string, find: string): string[] {
  const needle = find.trim();
  if (!needle) return [text];
  const parts: string[] = [];
  const low = text.toLowerCase();
  const wanted = needle.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + needle.length));
    from = at + needle.length;
  }
  parts.push(text.slice(from));
  return parts;
}
