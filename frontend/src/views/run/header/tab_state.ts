import { useEffect } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { tab_icon } from "../../../theme/favicon.ts";
import { look_of } from "../../../theme/status.ts";

function set_icon(href: string) {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link && link.href !== href) link.href = href;
}

/** "42 %, 2 failed" while it runs; else the status. */
function state_of({ status, jobs, progress }: RunDetail): string {
  if (status !== "running" || jobs.total === 0) return look_of(status).word;
  const failed = jobs.failed > 0 ? `, ${jobs.failed} failed` : "";
  return `${Math.floor(progress * 100)} %${failed}`;
}

/** The browser's tab says how the run stands, so that one need not go there to see it. */
export function useTabState(run: RunDetail | undefined) {
  const title = run ? `${state_of(run)} · ${run.name} · flowo` : "flowo";
  const icon = run
    ? tab_icon({ status: run.status, progress: run.progress, failing: run.jobs.failed > 0 })
    : undefined;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (icon) set_icon(icon);
  }, [icon]);
  useEffect(() => () => set_icon(new URL("icons/flowo.svg", document.baseURI).href), []);
}
