/** Figures in words. Durations are seconds, sizes bytes; points in time are in moment.ts. */

const two = (n: number) => String(n).padStart(2, "0");

export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return "";
  const s = Math.max(0, seconds);
  if (s < 0.05) return "0 s";
  if (s < 10) return Number.isInteger(s) ? `${s} s` : `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Only the largest unit: for what is told roughly. */
export function rough(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 1) return "0 s";
  if (s < 60) return `${Math.round(s)} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}

/** "25–40 min", one unit for both ends; widened to round steps, since more digits would claim more than is known. */
export function eta_range(low: number, high: number): string {
  if (high < 60) return "less than 1 min";
  const [unit, size] = high < 5400 ? ["min", 60] : high < 172_800 ? ["h", 3600] : ["d", 86_400];
  const exact = high / (size as number);
  const step = unit === "min" ? (exact > 20 ? 5 : 1) : exact < 4 ? 0.5 : 1;
  const from = Math.floor(low / (size as number) / step) * step;
  const to = Math.ceil(exact / step) * step;
  if (from <= 0) return `up to ${to} ${unit}`;
  return from === to ? `${to} ${unit}` : `${from}–${to} ${unit}`;
}

/** The time left as it stands in a line: "about 25–40 min left", "roughly …" where the ground is thin. */
export function eta_left(low: number, high: number, rough: boolean): string {
  if (high <= 0) return "longer than expected";
  if (high < 60) return "less than 1 min left";
  const range = eta_range(Math.max(0, low), high);
  return `${rough ? "roughly " : range.startsWith("up") ? "" : "about "}${range} left`;
}

export function bytes(size: number | null | undefined): string {
  if (size == null) return "";
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = size / 1000;
  let i = 0;
  while (value >= 999.5 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[i]}`;
}

// By itself: toLocaleString makes a formatter first, which takes 15 ms while a page begins.
export const count = (n: number): string => String(n).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, " ");

/** “1 job”, “2 jobs”. */
export const counted = (n: number, one: string): string => `${count(n)} ${one}${n === 1 ? "" : "s"}`;

/** Wildcards as one text: `sample=A1 chrom=3`. */
export const wildcards_text = (wildcards: Record<string, string>): string =>
  Object.entries(wildcards)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

const signals: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
  24: "SIGXCPU",
};
export const signal_name = (n: number): string => signals[n] ?? `signal ${n}`;

const plain = /^[\w@%+=:,./-]+$/;
/** A command as a shell takes it back. */
export const shell = (words: string[]): string =>
  words.map((word) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

/** The same as one would type it: how the interpreter found Snakemake is no part of it. */
export const command_line = (words: string[]): string => {
  const [first = "", ...rest] = words;
  const typed = /(^|\/)snakemake(\/__main__\.py)?$/.test(first) ? "snakemake" : first;
  return shell(first ? [typed, ...rest] : []);
};

/** The last folder of a path, for where the whole of it does not fit. */
export const base_name = (path: string): string => path.split("/").filter(Boolean).at(-1) ?? path;
