/** Rules that stand as one box: by what their names have in common, and chains without branches. Pure. */

export interface Link {
  source: string;
  target: string;
}

export interface Fold {
  /** Of the box, and where it is kept whether it is folded. No rule's name: that has no slash. */
  id: string;
  title: string;
  rules: string[];
}

/** From this many rules on a graph opens folded: as a whole it could not be read. */
export const many_rules = 40;
export const opens_folded = (rules: number): boolean => rules >= many_rules;
const least = 3;

const prefix_of = (rule: string): string => /^(.+?(?:__|[_.:-]))/.exec(rule)?.[1] ?? "";

/** Whether links between boxes go round in a circle; `box_of` names the box of a rule. */
function circular(links: Link[], box_of: (rule: string) => string): boolean {
  const next = new Map<string, Set<string>>();
  const needs = new Map<string, number>();
  for (const { source, target } of links) {
    const [from, to] = [box_of(source), box_of(target)];
    const held = next.get(from) ?? new Set();
    next.set(from, held);
    if (from === to || held.has(to)) continue;
    held.add(to);
    needs.set(to, (needs.get(to) ?? 0) + 1);
    if (!needs.has(from)) needs.set(from, 0);
  }
  const free = [...needs].filter(([, n]) => n === 0).map(([box]) => box);
  let done = 0;
  for (let box = free.pop(); box !== undefined; box = free.pop()) {
    done++;
    for (const to of next.get(box) ?? []) {
      const left = (needs.get(to) ?? 0) - 1;
      needs.set(to, left);
      if (left === 0) free.push(to);
    }
  }
  return done < needs.size;
}

/** Parts of some rules that hang together by links among themselves. */
function parts(rules: string[], links: Link[]): string[][] {
  const head = new Map(rules.map((rule) => [rule, rule]));
  const find = (rule: string): string => {
    const above = head.get(rule) ?? rule;
    return above === rule ? rule : find(above);
  };
  for (const { source, target } of links) {
    if (head.has(source) && head.has(target)) head.set(find(source), find(target));
  }
  const found = new Map<string, string[]>();
  for (const rule of rules) found.set(find(rule), [...(found.get(find(rule)) ?? []), rule]);
  return [...found.values()];
}

function chains(rules: string[], links: Link[]): string[][] {
  const after = new Map<string, string[]>();
  const before = new Map<string, string[]>();
  for (const { source, target } of links) {
    after.set(source, [...(after.get(source) ?? []), target]);
    before.set(target, [...(before.get(target) ?? []), source]);
  }
  const open = new Set(rules);
  const next = (rule: string): string | undefined => {
    const [to, more] = after.get(rule) ?? [];
    return to !== undefined && more === undefined && before.get(to)?.length === 1 && open.has(to)
      ? to
      : undefined;
  };
  const continued = new Set(rules.map(next));
  return rules
    .filter((rule) => !continued.has(rule))
    .map((rule) => {
      const chain = [rule];
      for (let to = next(rule); to !== undefined && !chain.includes(to); to = next(to)) chain.push(to);
      return chain;
    })
    .filter((chain) => chain.length >= least);
}

/**
 * What can be folded, each rule in one fold at most. Folded, the graph has no circle that it had not before: a box never
 * has to be above and below another.
 */
export function folds_of(rules: string[], links: Link[]): Fold[] {
  const by_prefix = new Map<string, string[]>();
  for (const rule of rules) {
    const prefix = prefix_of(rule);
    if (prefix) by_prefix.set(prefix, [...(by_prefix.get(prefix) ?? []), rule]);
  }
  const box = new Map<string, string>();
  const found: Fold[] = [];
  const take = (title: string, own: string[], kind: string): boolean => {
    const id = `${kind}/${own[0]}`;
    for (const rule of own) box.set(rule, id);
    if (circular(links, (rule) => box.get(rule) ?? rule)) {
      for (const rule of own) box.delete(rule);
      return false;
    }
    found.push({ id, title, rules: own });
    return true;
  };
  for (const [prefix, own] of by_prefix) {
    // What all have in common tells nothing apart.
    if (own.length < least || own.length > rules.length * 0.6) continue;
    if (take(`${prefix}*`, own, "prefix")) continue;
    for (const part of parts(own, links)) if (part.length >= least) take(`${prefix}*`, part, "prefix");
  }
  for (const chain of chains(
    rules.filter((rule) => !box.has(rule)),
    links,
  )) {
    take(`${chain[0]} … ${chain.at(-1)}`, chain, "chain");
  }
  return found;
}

/** What an address says of folds: how all stand, `all` folded or `none`, and the ids of those that stand otherwise. */
export type ToldFolds = [base: "all" | "none", ...others: string[]];

/** The ids of what is folded. Where nothing is told a graph of many rules opens folded; a fold that is no more is left out. */
export function folded_of(told: readonly string[] | undefined, folds: Fold[], rules: number): Set<string> {
  const [base, ...others] = told ?? [opens_folded(rules) ? "all" : "none"];
  const apart = new Set(others);
  return new Set(folds.map(({ id }) => id).filter((id) => apart.has(id) !== (base === "all")));
}

/** The shortest that tells what is folded; undefined where that is how a graph of so many rules opens. */
export function told_folds(folded: ReadonlySet<string>, folds: Fold[], rules: number): ToldFolds | undefined {
  const open = folds.filter(({ id }) => !folded.has(id)).map(({ id }) => id);
  const closed = folds.filter(({ id }) => folded.has(id)).map(({ id }) => id);
  const usual = opens_folded(rules) ? open : closed;
  if (usual.length === 0) return undefined;
  // As many of both: told from how such a graph opens.
  const from_all = open.length < closed.length || (open.length === closed.length && usual === open);
  return from_all ? ["all", ...open] : ["none", ...closed];
}

export interface Box {
  id: string;
  title: string;
  rules: string[];
  fold: Fold | null;
  folded: boolean;
}

/** The boxes to draw, in the order of the rules, and the links between them, each once. */
export function boxes_of(
  rules: string[],
  links: Link[],
  folds: Fold[],
  folded: ReadonlySet<string>,
): { boxes: Box[]; links: Link[] } {
  const fold_of = new Map(folds.flatMap((fold) => fold.rules.map((rule) => [rule, fold] as const)));
  const boxes = new Map<string, Box>();
  const box_of = new Map<string, string>();
  for (const rule of rules) {
    const fold = fold_of.get(rule) ?? null;
    const closed = fold !== null && folded.has(fold.id);
    const id = closed ? fold.id : rule;
    box_of.set(rule, id);
    if (!boxes.has(id)) {
      boxes.set(
        id,
        closed
          ? { id, title: fold.title, rules: fold.rules, fold, folded: true }
          : { id, title: rule, rules: [rule], fold, folded: false },
      );
    }
  }
  const drawn = new Map<string, Link>();
  for (const link of links) {
    const [source, target] = [box_of.get(link.source), box_of.get(link.target)];
    if (source && target && source !== target) drawn.set(`${source}\0${target}`, { source, target });
  }
  return { boxes: [...boxes.values()], links: [...drawn.values()] };
}
