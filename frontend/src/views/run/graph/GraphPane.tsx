import { useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { Suspense, useEffect, useState } from "react";
import { keys, rulegraph_query } from "../../../api/queries.ts";
import { part } from "../../../ui/part.ts";
import { Said } from "../../../ui/Said.tsx";
import { useSelection } from "../selection/selection.ts";
import { Plain } from "./Plain.tsx";
import "./graph.css";

// The drawing library is larger than the rest of the page, and the table is read first.
const RuleGraph = part(() => import("./RuleGraph.tsx").then((m) => m.RuleGraph));
const JobGraph = part(() => import("../jobgraph/JobGraph.tsx").then((m) => m.JobGraph));

/** True once the jobs beside it are there: they are read first, and the line is theirs until then. */
function useTurn(id: string): boolean {
  const cache = useQueryClient();
  const busy = useIsFetching({ queryKey: keys.job_lists(id) }) > 0;
  const [turn, take] = useState(false);
  useEffect(() => {
    if (busy || turn) return;
    // Beside another pane nobody asks for jobs, which shows by waiting only.
    const read = cache
      .getQueriesData({ queryKey: keys.job_lists(id) })
      .some(([, page]) => page !== undefined);
    const timer = setTimeout(() => take(true), read ? 0 : 150);
    return () => clearTimeout(timer);
  }, [cache, id, busy, turn]);
  return turn;
}

export function GraphPane({ id }: { id: string }) {
  const graph = useQuery(rulegraph_query(id));
  const turn = useTurn(id);
  const { search } = useSelection();
  const drawn = turn && search.graph !== "jobs" && (graph.data?.nodes.length ?? 0) > 0;
  useEffect(() => {
    // What lays out takes longer to start than what draws takes to come.
    if (drawn) import("./layout.ts").then(({ start }) => start()).catch(() => {});
  }, [drawn]);
  if (search.graph === "jobs") {
    if (!turn) return <Plain busy />;
    return (
      <Suspense fallback={<Plain busy />}>
        <JobGraph id={id} />
      </Suspense>
    );
  }
  if (graph.error && !graph.data) {
    return (
      <Plain>
        <Said
          alert
          title="The graph could not be loaded"
          actions={<Button onClick={() => void graph.refetch()}>Try again</Button>}
        >
          <p>{graph.error.message}</p>
        </Said>
      </Plain>
    );
  }
  if (!graph.data || !turn) return <Plain busy />;
  if (graph.data.nodes.length === 0) {
    return <Said title="No rules yet">The graph appears when the plan is known.</Said>;
  }
  return (
    <Suspense fallback={<Plain busy />}>
      <RuleGraph graph={graph.data} />
    </Suspense>
  );
}
