import { useParams, useRouter } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Button } from "antd";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { Announce } from "../../../ui/Announce.tsx";
import { put_on_clipboard } from "../../../ui/Copy.tsx";
import { counted } from "../../../ui/format.ts";
import { useKeys } from "../../../ui/keys.ts";
import { useNarrow } from "../../../ui/narrow.ts";
import { Bone, Said } from "../../../ui/Said.tsx";
import { useTimes } from "../../../ui/Times.tsx";
import { job_filter } from "../selection/search.ts";
import { useSelection } from "../selection/selection.ts";
import { all_columns, shown_columns, table_text, track, useColumnChoices } from "./columns.ts";
import { JobRow } from "./JobRow.tsx";
import { useJobs } from "./pages.ts";
import { as_they_are, usePicked } from "./picked.ts";
import { TableFoot } from "./TableFoot.tsx";
import { TableHead } from "./TableHead.tsx";
import "./table.css";

const head = 32;
const gap = 12;
const sides = 28;
const pick_width = 16;

/** All jobs of the run, as many as there are: only what is on screen is in the page, only what is looked at is loaded. */
export function JobTable({ run }: { run: RunDetail }) {
  const { id, search, clear, open_job, toggle_rule, toggle_wildcard } = useSelection();
  const filter = useMemo(() => job_filter(search), [search]);
  const [range, set_range] = useState({ first: 0, last: 40, scrolling: false });
  const jobs = useJobs(id, filter, range.first, range.last, range.scrolling);
  const { total } = jobs;
  const { sort: _, ...choice } = filter;
  const picked = usePicked(JSON.stringify([id, choice]));
  const opened = useParams({ strict: false }).number;
  const narrow = useNarrow();
  const scroll = useRef<HTMLDivElement>(null);
  const [at, set_at] = useState(-1);
  const to_focus = useRef(-1);
  const router = useRouter();
  const href = useMemo(() => {
    const { publicHref } = router.buildLocation({
      to: "/runs/$id/jobs/$number",
      params: { id, number: "0" },
      search: search as never,
    });
    return publicHref.replace("/jobs/0", "/jobs/{number}");
  }, [router, id, search]);

  const times = useTimes();
  const dated = run.started_at != null && times.dated(run.started_at); // by the run: no row changes widths
  const all = useMemo(
    () => all_columns(jobs.shown, run.wildcards, dated),
    [jobs.shown, run.wildcards, dated],
  );
  const choices = useColumnChoices(run.workflow);
  const columns = useMemo(() => shown_columns(all, choices), [all, choices]);
  const template = [`${pick_width}px`, ...columns.map(track)].join(" ");
  const least = columns.reduce((sum, column) => sum + column.least + gap, pick_width + sides);
  const height = narrow ? 48 : 32;
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 10,
    paddingEnd: 8,
    scrollPaddingEnd: narrow ? 0 : head, // by as much the head moves the rows down
  });
  useEffect(() => {
    if (height) rows.measure();
  }, [height, rows]);

  const shown = rows.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 40;
  const scrolling = rows.isScrolling;
  useEffect(() => set_range({ first, last, scrolling }), [first, last, scrolling]);

  // What the rows call stays the same, so that they are drawn again only when they change.
  const act = {
    open: open_job,
    pick: (index: number, extend: boolean) => {
      const job = jobs.at(index);
      if (extend) void picked.extend(index, jobs.between);
      else if (job) picked.toggle(job, index);
    },
    only: (kind: "rule" | "wildcard", value: string) =>
      kind === "rule" ? toggle_rule(value) : toggle_wildcard(value),
  };
  const latest = useRef(act);
  latest.current = act;
  const open = useCallback((number: number) => latest.current.open(number), []);
  const pick = useCallback((index: number, extend: boolean) => latest.current.pick(index, extend), []);
  const only = useCallback(
    (kind: "rule" | "wildcard", value: string) => latest.current.only(kind, value),
    [],
  );

  // The opened job stays in sight while j and k go through the list.
  const opened_at =
    opened === undefined
      ? -1
      : (shown.find((item) => String(jobs.at(item.index)?.number) === opened)?.index ?? -1);
  useEffect(() => {
    if (opened_at >= 0) rows.scrollToIndex(opened_at);
  }, [opened_at, rows]);

  const focus = () => {
    const link = scroll.current?.querySelector<HTMLElement>(`[data-index="${to_focus.current}"] a`);
    const typing = document.activeElement instanceof HTMLInputElement;
    if (!link && !typing) return;
    to_focus.current = -1;
    if (!link || typing) return;
    link.focus({ preventScroll: true });
  };
  // A row that was not there yet when one went to it.
  useEffect(() => {
    if (to_focus.current >= 0) focus();
  });
  const go = (to: number) => {
    const next = Math.max(0, Math.min(total - 1, to));
    set_at(next);
    rows.scrollToIndex(next);
    to_focus.current = next;
    requestAnimationFrame(focus);
    return next;
  };
  useKeys(
    {
      down: () => go(at + 1),
      up: () => go(at < 0 ? 0 : at - 1),
      open: () => {
        const job = jobs.at(at);
        if (job) open_job(job.number);
      },
    },
    opened === undefined,
  );
  const on_key = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (!row) return;
    const here = Number(row.dataset.index);
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / height) - 2);
    const moves: Record<string, number> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: total - 1,
    };
    const to = moves[event.key];
    const command = event.ctrlKey || event.metaKey;
    if (to !== undefined && !command) {
      if (event.shiftKey && picked.jobs.size === 0) pick(here, true);
      const next = go(to);
      if (event.shiftKey) void picked.extend(next, jobs.between);
    } else if (event.key === " ") pick(here, event.shiftKey);
    else if (event.key === "a" && command) void picked.all(total, jobs.between);
    else if (event.key === "c" && command && picked.jobs.size > 0 && !String(window.getSelection()))
      void put_on_clipboard(table_text(as_they_are(picked.jobs, jobs.shown), columns));
    else if (event.key === "Escape" && picked.jobs.size > 0 && opened === undefined) picked.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (jobs.error) {
    return (
      <Said
        alert
        title="The jobs could not be listed"
        actions={<Button onClick={() => jobs.again()}>Try again</Button>}
      >
        <p>{jobs.error.message}</p>
      </Said>
    );
  }
  if (!jobs.pending && !jobs.old && total === 0 && !jobs.fetching) {
    return (
      <Said title="No job is like that" actions={<Button onClick={clear}>Show all jobs</Button>}>
        <p>
          {[
            filter.status.join(" or "),
            filter.rule.length > 0 && `of ${filter.rule.join(" or ")}`,
            filter.wildcard.length > 0 &&
              `with ${filter.wildcard.map((pair) => pair.replace(":", " ")).join(", ")}`,
            filter.id.length > 0 && `with the id ${filter.id.join(" or ")}`,
            filter.q && `matching “${filter.q}”`,
          ]
            .filter(Boolean)
            .join(", ")}
        </p>
      </Said>
    );
  }
  return (
    <>
      <Announce text={jobs.pending ? "" : counted(total, "job")} />
      <div
        className={`table${jobs.old ? " dimmed" : ""}`}
        ref={scroll}
        onPointerMove={(event) => {
          event.currentTarget.dataset.pointedAt = String(Date.now());
        }}
        role="grid"
        aria-multiselectable="true"
        aria-colcount={columns.length + 1}
        onKeyDown={on_key}
        aria-label="Jobs"
        aria-rowcount={total + 1}
        aria-busy={jobs.pending}
      >
        <div
          className="table-inner"
          data-narrow={narrow}
          style={{ "--columns": template, minWidth: narrow ? undefined : least } as React.CSSProperties}
        >
          {!narrow && <TableHead columns={columns} />}
          <div
            role="rowgroup"
            style={{ height: jobs.pending ? 640 : rows.getTotalSize(), position: "relative" }}
          >
            {jobs.pending &&
              Array.from({ length: 14 }, (_, i) => (
                <div className="table-row bones" key={i} style={{ transform: `translateY(${i * height}px)` }}>
                  <Bone width={70} />
                  <Bone width={`${40 + ((i * 31) % 40)}%`} />
                </div>
              ))}
            {shown.map((item) => (
              <JobRow
                key={item.index}
                job={jobs.at(item.index)}
                href={href}
                on_open={open}
                index={item.index}
                top={item.start}
                columns={columns}
                narrow={narrow}
                opened={item.index === opened_at}
                picked={picked.jobs.has(jobs.at(item.index)?.number ?? -1)}
                stop={item.index === at || (shown[0] === item && (at < first || at > last))}
                frozen={run.lost_since}
                offset={run.clock_offset}
                on_focus={set_at}
                on_pick={pick}
                on_only={only}
              />
            ))}
          </div>
        </div>
      </div>
      <TableFoot
        id={id}
        workflow={run.workflow}
        filter={filter}
        total={jobs.pending ? null : total}
        of={run.jobs.total}
        picked={picked}
        shown={jobs.shown}
        all={all}
        columns={columns}
      />
    </>
  );
}
