/** The URL's query as it is read by people: repeated names for lists, nothing quoted, defaults left out. */
export type RawSearch = Record<string, string | string[] | undefined>;

export function parse_search(text: string): RawSearch {
  const found: RawSearch = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else found[name] = [before, value];
  }
  return found;
}

export function stringify_search(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

const list = (raw: unknown): string[] =>
  (Array.isArray(raw) ? raw : raw == null ? [] : [raw]).map(String).filter((one) => one !== "");

/** Only what is allowed, once each, in the given order; nothing where nothing is left. */
export function some_of<T extends string>(raw: unknown, allowed: readonly T[]): T[] | undefined {
  const asked = new Set(list(raw));
  const kept = allowed.filter((one) => asked.has(one));
  return kept.length > 0 ? kept : undefined;
}

export function names(raw: unknown, most = 50, length = 300): string[] | undefined {
  const kept = [...new Set(list(raw).map((one) => one.slice(0, length)))].slice(0, most);
  return kept.length > 0 ? kept : undefined;
}

export function text_of(raw: unknown): string | undefined {
  const text = list(raw)[0]?.trim().slice(0, 300);
  return text || undefined;
}

export function one_of<T extends string>(raw: unknown, allowed: readonly T[], usual: T): T | undefined {
  const text = list(raw)[0];
  const kept = allowed.find((one) => one === text);
  return kept === usual ? undefined : kept;
}

/** Without the names that are undefined, so that two equal searches are equal. */
export function tidy<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

/**
 * What `read` makes of an address, for the router: it lays that over what stood there, so that a name which `read` has
 * nothing for must be undone by name, or what nobody allowed would stay.
 */
export const healed =
  <T extends object>(read: (raw: Record<string, unknown>) => T) =>
  (raw: Record<string, unknown>): T => ({
    ...(Object.fromEntries(Object.keys(raw).map((name) => [name, undefined])) as Partial<T>),
    ...read(raw),
  });
