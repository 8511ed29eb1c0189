import { useMutation, useQueryClient } from "@tanstack/react-query";
import { patch_run } from "../../../api/actions.ts";
import { keys } from "../../../api/queries.ts";
import type { RunPatch } from "../../../api/types.ts";

/** What people change of a run. */
export function usePatch(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (patch: RunPatch) => patch_run(id, patch),
    onSuccess: (run) => {
      cache.setQueryData(keys.detail(id), run);
      void cache.invalidateQueries({ queryKey: keys.runs });
    },
  });
}

export const tags_in = (text: string): string[] => [...new Set(text.split(/[\s,#]+/).filter(Boolean))];

/** What one took out and put in, done to the tags as they are now: others may have changed them meanwhile. */
export function changed_tags(now: string[], base: string[], next: string[]): string[] {
  const kept = now.filter((tag) => next.includes(tag) || !base.includes(tag));
  return [...new Set([...kept, ...next.filter((tag) => !base.includes(tag))])];
}
