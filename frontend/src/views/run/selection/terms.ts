import { type JobStatus, job_statuses } from "../../../theme/status.ts";

/** What a run has that a search can name. */
export interface Known {
  rules: string[];
  wildcards: string[];
}

/** A term as it stands in the text: where, its key, its value without quotes. */
export interface Token {
  start: number;
  end: number;
  key: string | null;
  value: string;
}

/** What a search says, as the selection holds it. `text` are its plain words. */
export interface Understood {
  status: JobStatus[];
  rule: string[];
  wildcard: string[];
  id: string[];
  text: string[];
  /** What was not understood, as typed, and why. */
  unclear: { token: Token; why: string }[];
}

/** A wildcard that is called as one of our keys is written with this in front. */
const prefix = "wildcard.";
const own_keys = ["status", "rule", "id"];

/** As one types the name of a wildcard. */
export const key_of = (wildcard: string): string =>
  own_keys.includes(wildcard) || wildcard.startsWith(prefix) ? prefix + wildcard : wildcard;

export const keys_of = (known: Known): string[] => [...own_keys, ...known.wildcards.map(key_of)];

/** In quotes where it must be: spaces, quotes, and for plain words colons. */
export const quoted = (value: string, plain_word = false): string =>
  value === "" || (plain_word ? /[\s":]/ : /[\s"]/).test(value)
    ? `"${value.replace(/(["\\])/g, "\\$1")}"`
    : value;

/** The terms of a text: words, `key:value`, and either in quotes, with \" for a quote in them. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    const start = at;
    const key = /^([^\s":]+):/.exec(text.slice(at))?.[1] ?? null;
    if (key !== null) at += key.length + 1;
    let value = "";
    if (text[at] === '"') {
      at++;
      while (at < text.length && text[at] !== '"') {
        if (text[at] === "\\" && at + 1 < text.length) at++;
        value += text[at++];
      }
      at++;
    } else {
      while (at < text.length && !/\s/.test(text[at] ?? "")) value += text[at++];
    }
    found.push({ start, end: Math.min(at, text.length), key, value });
  }
  return found;
}

export function understand(text: string, known: Known): Understood {
  const said: Understood = { status: [], rule: [], wildcard: [], id: [], text: [], unclear: [] };
  for (const token of tokens(text)) {
    const { key, value } = token;
    const not = (why: string) => said.unclear.push({ token, why });
    if (key === null) {
      if (value) said.text.push(value);
    } else if (value === "") {
      not(`“${key}:” has no value yet`);
    } else if (key === "status") {
      const status = job_statuses.find((one) => one === value.toLowerCase());
      if (status) said.status.push(status);
      else not(`“${value}” is no status`);
    } else if (key === "rule") {
      if (known.rules.includes(value)) said.rule.push(value);
      else not(`no rule here is called “${value}”`);
    } else if (key === "id") {
      said.id.push(value);
    } else {
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
      if (known.wildcards.includes(name)) said.wildcard.push(`${name}:${value}`);
      else not(`no wildcard here is called “${name}”; to look for it as text, put it in quotes`);
    }
  }
  return said;
}

/** Plain words as the server's `q` takes them. It knows no way to write a quote inside of quotes. */
export const words_text = (words: string[]): string | undefined =>
  words
    .map((word) => (/[\s:]/.test(word) ? `"${word.replaceAll('"', "")}"` : word))
    .join(" ")
    .slice(0, 500) || undefined;

/** `name:value` as the selection holds a wildcard, apart. */
export function wildcard_parts(pair: string): [name: string, value: string] {
  const at = pair.indexOf(":");
  return [pair.slice(0, at), pair.slice(at + 1)];
}
