import type { InfiniteData } from "@tanstack/react-query";
import { log_page_size } from "../api/queries.ts";
import type { LogLine, Page, RuleCounts } from "../api/types.ts";

/** What news makes of held rows; what nothing changes in stays the same object, and is not drawn again. */
export type Pages<T> = InfiniteData<Page<T>>;

export function change_page<T>(page: Page<T>, change: (row: T) => T): Page<T> {
  let any = false;
  const items = page.items.map((row) => {
    const next = change(row);
    if (next !== row) any = true;
    return next;
  });
  return any ? { ...page, items } : page;
}

export function change_rows<T>(held: Pages<T> | undefined, change: (row: T) => T): Pages<T> | undefined {
  if (!held) return held;
  let any = false;
  const pages = held.pages.map((page) => {
    const next = change_page(page, change);
    if (next !== page) any = true;
    return next;
  });
  return any ? { ...held, pages } : held;
}

export function merge_rules(held: RuleCounts[], news: RuleCounts[]): RuleCounts[] {
  if (news.length === 0) return held;
  const by_rule = new Map(news.map((rule) => [rule.rule, rule]));
  const merged = held.map((rule) => {
    const next = by_rule.get(rule.rule);
    by_rule.delete(rule.rule);
    return next ?? rule;
  });
  return [...merged, ...by_rule.values()];
}

export function append_lines(held: Pages<LogLine> | undefined, since: number, more: Page<LogLine>) {
  if (!held) return held;
  const last = held.pages.at(-1);
  const end = last?.items.at(-1)?.seq ?? since;
  const items = more.items.filter((line) => line.seq > end);
  if (!last || items.length === 0) return held;
  if (last.items.length < log_page_size) {
    return { ...held, pages: [...held.pages.slice(0, -1), { items: [...last.items, ...items], next: null }] };
  }
  return {
    pages: [...held.pages, { items, next: null }],
    pageParams: [...held.pageParams, last.items.at(-1)?.seq ?? since],
  };
}
