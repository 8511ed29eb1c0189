import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { Button } from "antd";
import { useEffect, useMemo } from "react";
import { facets_query, runs_query } from "../../api/queries.ts";
import type { Facets } from "../../api/types.ts";
import { useTopic } from "../../live/live.tsx";
import { look_of } from "../../theme/status.ts";
import { Announce } from "../../ui/Announce.tsx";
import { count } from "../../ui/format.ts";
import { Bone, Said } from "../../ui/Said.tsx";
import { RunFilters } from "./RunFilters.tsx";
import { RunRows } from "./RunRows.tsx";
import "./runs.css";

const route = getRouteApi("/frame/runs");

export function Runs() {
  const search = route.useSearch();
  const filter = { status: search.status ?? [], tag: search.tag ?? [], q: search.q ?? "" };
  const facets = useQuery(facets_query);
  const list = useInfiniteQuery(runs_query(filter));
  useTopic("runs");
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);

  useEffect(() => {
    document.title = `${runs_title(facets.data)} · flowo`;
  }, [facets.data]);

  const filtered = filter.status.length > 0 || filter.tag.length > 0 || filter.q !== "";
  if (facets.data?.total === 0 && runs.length === 0 && !list.isFetching && !filtered) {
    return <Navigate to="/first-run" replace />;
  }
  const asked = JSON.stringify(filter);
  return (
    <div className="runs">
      <h1 className="hidden-text">Runs</h1>
      <RunFilters search={search} facets={facets.data} />
      {list.isPending && <Bones />}
      {list.error && !list.data && (
        <Said
          alert
          title="The runs could not be listed"
          actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
        >
          <p>{list.error.message}</p>
        </Said>
      )}
      {list.data && runs.length === 0 && <Nothing search={search} />}
      {runs.length > 0 && (
        <RunRows
          key={asked}
          asked={asked}
          runs={runs}
          dimmed={list.isPlaceholderData}
          more={list.hasNextPage && !list.isFetchingNextPage}
          load_more={list.fetchNextPage}
        />
      )}
      <Announce
        text={list.data ? `${count(runs.length)}${list.hasNextPage ? " or more" : ""} runs listed` : ""}
      />
    </div>
  );
}

/** "3 running, 1 failed": what one would go to the tab for. */
function runs_title(facets: Facets | undefined): string {
  const told = (["running", "failed"] as const).flatMap((status) => {
    const runs = facets?.status[status] ?? 0;
    return runs > 0 ? `${count(runs)} ${look_of(status).word}` : [];
  });
  return told.join(", ") || "Runs";
}

function Nothing({ search }: { search: { status?: string[]; tag?: string[]; q?: string } }) {
  const parts = [
    search.status?.join(" or "),
    search.tag && `tagged ${search.tag.join(", ")}`,
    search.q && `matching “${search.q}”`,
  ].filter(Boolean);
  return (
    <Said title="No runs found" actions={<Link to="/runs">Show all runs</Link>}>
      <p>{parts.length > 0 ? `Nothing is ${parts.join(", ")}.` : "All runs have been deleted."}</p>
    </Said>
  );
}

function Bones() {
  return (
    <div className="run-rows" aria-busy="true">
      {Array.from({ length: 12 }, (_, i) => (
        <div className="run-row" key={i}>
          <Bone width={14} />
          <Bone width={`${50 + ((i * 37) % 40)}%`} />
          <Bone width={140} />
          <Bone width={60} />
          <Bone width={`${20 + ((i * 23) % 50)}%`} />
        </div>
      ))}
    </div>
  );
}
