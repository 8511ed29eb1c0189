import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { tidy } from "../../ui/search_params.ts";
import type { RunSearch } from "./search.ts";

const route = getRouteApi("/frame/runs/$id");

const toggled = <T extends string>(held: T[] | undefined, one: T): T[] | undefined => {
  const next = held?.includes(one) ? held.filter((other) => other !== one) : [...(held ?? []), one];
  return next.length > 0 ? next : undefined;
};

/** What is chosen on a run's page. It lives in the URL: every pane reads it here and changes it here. */
export function useSelection() {
  const search = route.useSearch();
  const { id } = route.useParams();
  const navigate = useNavigate();
  const set = (part: Partial<RunSearch>, replace = false) =>
    void navigate({
      to: ".",
      search: ((before: RunSearch) => tidy({ ...before, ...part })) as never,
      replace,
    });
  return {
    id,
    search,
    set,
    toggle_status: (status: NonNullable<RunSearch["status"]>[number]) =>
      set({ status: toggled(search.status, status) }),
    toggle_rule: (rule: string) => set({ rule: toggled(search.rule, rule) }),
    /** A click means this rule alone, and once more none. */
    only_rule: (rule: string) =>
      set({ rule: search.rule?.length === 1 && search.rule[0] === rule ? undefined : [rule] }),
    clear: () => set({ status: undefined, rule: undefined, q: undefined }),
    open_job: (number: number) =>
      void navigate({
        to: "/runs/$id/jobs/$number",
        params: { id, number: String(number) },
        search: true as never,
      }),
    close_job: () => void navigate({ to: "/runs/$id", params: { id }, search: true as never }),
  };
}
