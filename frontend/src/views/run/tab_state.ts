import { useEffect } from "react";
import type { RunDetail } from "../../api/types.ts";
import { look_of } from "../../theme/status.ts";

function set_icon(name: string) {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = new URL(`icons/${name}.svg`, document.baseURI).href;
  if (link && link.href !== href) link.href = href;
}

/** The browser's tab says how the run stands, so that one need not go there to see it. */
export function useTabState(run: RunDetail | undefined) {
  const state = run?.status;
  const title = run
    ? `${run.status === "running" && run.jobs.total > 0 ? `${Math.floor(run.progress * 100)} %` : look_of(run.status).word} · ${run.name} · flowo`
    : "flowo";
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (state) set_icon(state);
    return () => set_icon("flowo");
  }, [state]);
}
