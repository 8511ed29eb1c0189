import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Button } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { jobs_count_query, jobs_query } from "../../api/queries.ts";
import type { RunDetail } from "../../api/types.ts";
import { Announce } from "../../ui/Announce.tsx";
import { count } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { useNarrow } from "../../ui/narrow.ts";
import { Bone, Said } from "../../ui/Said.tsx";
import { columns_for } from "./columns.ts";
import { JobRow } from "./JobRow.tsx";
import { job_filter } from "./search.ts";
import { useSelection } from "./selection.ts";
import { TableHead } from "./TableHead.tsx";
import "./table.css";

/** All jobs of the run, as many as there are: only what is on screen is in the page, only what was seen is loaded. */
export function JobTable({ run }: { run: RunDetail }) {
  const { id, search, clear, open_job } = useSelection();
  const filter = job_filter(search);
  const list = useInfiniteQuery(jobs_query(id, filter));
  const counted = useQuery(jobs_count_query(id, filter));
  const opened = useParams({ strict: false }).number;
  const narrow = useNarrow();
  const scroll = useRef<HTMLDivElement>(null);
  const [at, set_at] = useState(-1);
  const router = useRouter();
  const href = useMemo(() => {
    const { publicHref } = router.buildLocation({
      to: "/runs/$id/jobs/$number",
      params: { id, number: "0" },
      search: search as never,
    });
    return publicHref.replace("/jobs/0", "/jobs/{number}");
  }, [router, id, search]);
  const latest = useRef(open_job);
  latest.current = open_job;
  const open = useCallback((number: number) => latest.current(number), []);

  const jobs = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useMemo(() => columns_for(jobs, run.wildcards), [jobs, run.wildcards]);
  const total = list.hasNextPage ? Math.max(counted.data?.count ?? 0, jobs.length) : jobs.length;
  const template = columns.map((column) => column.width).join(" ");
  const height = narrow ? 48 : 32;
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 10,
    paddingEnd: 8,
  });
  useEffect(() => {
    if (height) rows.measure();
  }, [height, rows]);

  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= jobs.length - 60) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, jobs.length]);

  // The opened job stays in sight while j and k go through the list.
  const opened_at = opened === undefined ? -1 : jobs.findIndex((job) => String(job.number) === opened);
  useEffect(() => {
    if (opened_at >= 0) rows.scrollToIndex(opened_at);
  }, [opened_at, rows]);

  const go = (to: number) => {
    const next = Math.max(0, Math.min(total - 1, to));
    set_at(next);
    rows.scrollToIndex(next);
    requestAnimationFrame(() => {
      scroll.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true });
    });
  };
  useKeys(
    {
      j: () => go(at + 1),
      k: () => go(at < 0 ? 0 : at - 1),
      Enter: () => {
        const job = jobs[at];
        if (job) open_job(job.number);
      },
    },
    opened === undefined,
  );

  if (list.error && !list.data) {
    return (
      <Said
        alert
        title="The jobs could not be listed"
        actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
      >
        <p>{list.error.message}</p>
      </Said>
    );
  }
  if (list.data && jobs.length === 0 && !list.isFetching) {
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
      <Announce text={list.isPending ? "" : `${count(total)} jobs`} />
      <div
        className={`table${list.isPlaceholderData ? " dimmed" : ""}`}
        ref={scroll}
        onPointerMove={(event) => {
          event.currentTarget.dataset.pointedAt = String(Date.now());
        }}
        role="table"
        aria-label="Jobs"
        aria-rowcount={total + 1}
        aria-busy={list.isPending}
      >
        <div
          className="table-inner"
          data-narrow={narrow}
          style={{ "--columns": template } as React.CSSProperties}
        >
          {!narrow && <TableHead columns={columns} />}
          <div
            role="rowgroup"
            style={{ height: list.isPending ? 640 : rows.getTotalSize(), position: "relative" }}
          >
            {list.isPending &&
              Array.from({ length: 14 }, (_, i) => (
                <div className="table-row bones" key={i} style={{ transform: `translateY(${i * height}px)` }}>
                  <Bone width={70} />
                  <Bone width={`${40 + ((i * 31) % 40)}%`} />
                </div>
              ))}
            {shown.map((item) => (
              <JobRow
                key={item.index}
                job={jobs[item.index]}
                href={href}
                on_open={open}
                index={item.index}
                top={item.start}
                columns={columns}
                narrow={narrow}
                opened={item.index === opened_at}
                frozen={run.lost_since}
                offset={run.clock_offset}
                on_focus={set_at}
              />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}
