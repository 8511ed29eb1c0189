import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense } from "react";
import { rulegraph_query } from "../../api/queries.ts";
import { Said } from "../../ui/Said.tsx";

// The drawing library is larger than the rest of the page, and the table is read first.
const RuleGraph = lazy(() => import("./RuleGraph.tsx").then((m) => ({ default: m.RuleGraph })));

export function GraphPane({ id }: { id: string }) {
  const graph = useQuery(rulegraph_query(id));
  if (graph.error && !graph.data) {
    return (
      <Said
        alert
        title="The graph could not be loaded"
        actions={<Button onClick={() => void graph.refetch()}>Try again</Button>}
      >
        <p>{graph.error.message}</p>
      </Said>
    );
  }
  if (!graph.data) return <div className="graph-pane" aria-busy="true" />;
  if (graph.data.nodes.length === 0) {
    return <Said title="No rules yet">The graph appears when the plan is known.</Said>;
  }
  return (
    <Suspense fallback={<div className="graph-pane" aria-busy="true" />}>
      <RuleGraph graph={graph.data} />
    </Suspense>
  );
}
