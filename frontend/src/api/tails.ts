import type { LogMessage, LogText } from "./types.ts";

/** A log as far as it was told. `first_line`: the number of its first line, counted from what was told first. */
export interface HeldLog extends LogText {
  first_line: number;
}

/** Characters that are held; what was told before them is dropped, a quarter at a time. */
const most = 1_048_576;

export const whole = (told: LogText): HeldLog => ({ ...told, first_line: 1 });

/** What is held with what was told added; nothing where something between them is missing. */
export function joined(held: HeldLog | undefined, told: LogText | LogMessage): HeldLog | undefined {
  if (!held) return undefined;
  const { size, note, read_at, now } = told;
  // That Snakemake has ended is told by an answer; a message on its way at that moment knows nothing of it yet.
  const state = held.state === "over" && "topic" in told ? "over" : told.state;
  const said = { state, size, note, read_at, now };
  // Nobody watched for a while, so that the server holds it no more: what was read stands, and says of when it is.
  if (told.stop === 0 && held.stop > 0 && state !== "live") {
    return { ...held, ...said, read_at: read_at ?? held.read_at };
  }
  const follows = held.generation === told.generation && !(told.anew && told.text);
  if (!follows) return told.text || told.stop === 0 ? { ...held, ...told, state, first_line: 1 } : undefined;
  if (told.stop === held.stop) return { ...held, ...said };
  if (told.start !== held.stop || told.stop < held.stop) return undefined;
  return trimmed({ ...held, ...said, stop: told.stop, text: held.text + told.text });
}

function trimmed(held: HeldLog): HeldLog {
  if (held.text.length <= most) return held;
  const cut = held.text.indexOf("\n", held.text.length - most * 0.75) + 1;
  if (cut === 0) return held;
  const gone = held.text.slice(0, cut);
  return {
    ...held,
    text: held.text.slice(cut),
    start: held.start + new TextEncoder().encode(gone).length,
    first_line: held.first_line + gone.split("\n").length - 1,
  };
}
