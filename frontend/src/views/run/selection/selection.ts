import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { jobs_count_query } from "../../../api/queries.ts";
import { tidy } from "../../../ui/search_params.ts";
import { is_filtered, job_filter, type RunSearch } from "./search.ts";

const route = getRouteApi("/frame/runs/$id");

const toggled = <T extends string>(held: T[] | undefined, one: T): T[] | undefined => {
  const next = held?.includes(one) ? held.filter((other) => other !== one) : [...(held ?? []), one];
  return next.length > 0 ? next : undefined;
};

const with_all = <T extends string>(held: T[] | undefined, more: T[]): T[] | undefined => {
  const next = [...new Set([...(held ?? []), ...more])];
  return next.length > 0 ? next : undefined;
};

/** What can be added to a selection at once, as a search says it. */
export type Choice = Pick<Partial<RunSearch>, "status" | "rule" | "wildcard" | "id">;

/** What is chosen on a run's page. It lives in the URL: every pane reads it here and changes it here. */
export function useSelection() {
  const search = route.useSearch();
  const { id } = route.useParams();
  const navigate = useNavigate();
  const change = (next: (before: RunSearch) => RunSearch, replace = false) =>
    void navigate({ to: ".", search: ((before: RunSearch) => tidy(next(before))) as never, replace });
  const set = (part: Partial<RunSearch>, replace = false) =>
    change((before) => ({ ...before, ...part }), replace);
  return {
    id,
    search,
    set,
    toggle_status: (status: NonNullable<RunSearch["status"]>[number]) =>
      change((before) => ({ ...before, status: toggled(before.status, status) })),
    toggle_rule: (rule: string) => change((before) => ({ ...before, rule: toggled(before.rule, rule) })),
    /** `pair`: `name:value`. */
    toggle_wildcard: (pair: string) =>
      change((before) => ({ ...before, wildcard: toggled(before.wildcard, pair) })),
    toggle_id: (one: string) => change((before) => ({ ...before, id: toggled(before.id, one) })),
    /** A click means this rule alone, and once more none. */
    only_rule: (rule: string) =>
      set({ rule: search.rule?.length === 1 && search.rule[0] === rule ? undefined : [rule] }),
    /** Adds what a search said; its plain words take the place of those before. */
    choose: (choice: Choice, q: string | undefined, replace = false) =>
      change(
        (before) => ({
          ...before,
          status: with_all(before.status, choice.status ?? []),
          rule: with_all(before.rule, choice.rule ?? []),
          wildcard: with_all(before.wildcard, choice.wildcard ?? []),
          id: with_all(before.id, choice.id ?? []),
          q,
        }),
        replace,
      ),
    clear: () =>
      set({ status: undefined, rule: undefined, wildcard: undefined, id: undefined, q: undefined }),
    open_job: (number: number) =>
      void navigate({
        to: "/runs/$id/jobs/$number",
        params: { id, number: String(number) },
        search: true as never,
      }),
    close_job: () => void navigate({ to: "/runs/$id", params: { id }, search: true as never }),
  };
}

/** How many jobs of each rule the selection leaves; null where nothing is chosen, or it is not known yet. */
export function useMatches(): Record<string, number> | null {
  const { id, search } = useSelection();
  const filter = useMemo(() => job_filter(search), [search]);
  const chosen = is_filtered(filter);
  const counted = useQuery({ ...jobs_count_query(id, filter), enabled: chosen });
  return chosen && counted.data && !counted.isPlaceholderData ? counted.data.rules : null;
}
