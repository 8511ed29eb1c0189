import type { Spans } from "../../../api/spans.ts";
import type { Groups } from "./lanes.ts";

/** What the lanes are of, as the URL says it. */
export type LaneKind = "rule" | "slot" | `by:${string}`;

export const wildcard_of = (kind: LaneKind): string | null => (kind.startsWith("by:") ? kind.slice(3) : null);

/** Rules are told as jobs flow through them. */
const by_rule = (spans: Spans): Groups => ({
  key: "rule",
  names: spans.rules,
  of: (i) => spans.rule[i] as number,
  slots: false,
});

const by_slot = (): Groups => ({ key: "slot", names: [""], of: () => 0, slots: true });

const natural = new Intl.Collator("en", { numeric: true });
let serial = 0;
const serials = new WeakMap<object, number>();

/** Another key for other values: what they are an index into differs. */
function key_of(values: object): number {
  const held = serials.get(values) ?? ++serial;
  serials.set(values, held);
  return held;
}

function by_value(spans: Spans, kind: string, told: { values: string[]; of: Map<number, number> }): Groups {
  const order = told.values.map((_, i) => i);
  order.sort((a, b) => natural.compare(told.values[a] ?? "", told.values[b] ?? ""));
  const place = new Int32Array(order.length);
  for (const [at, i] of order.entries()) place[i] = at;
  return {
    key: `${kind} ${key_of(told)}`,
    names: [...order.map((i) => told.values[i] ?? ""), null],
    of: (i) => place[told.of.get(spans.number[i] as number) ?? -1] ?? order.length,
    slots: false,
  };
}

export function groups_of(
  spans: Spans,
  kind: LaneKind,
  told: { values: string[]; of: Map<number, number> } | undefined,
): Groups {
  if (kind === "slot") return by_slot();
  return kind !== "rule" && told ? by_value(spans, kind, told) : by_rule(spans);
}
