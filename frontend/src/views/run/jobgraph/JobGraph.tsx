import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useRef } from "react";
import { graph_query, type JobGraph as Told } from "../../../api/graph.ts";
import { rulegraph_query, run_query } from "../../../api/queries.ts";
import type { RunDetail } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";
import { Said } from "../../../ui/Said.tsx";
import { JobDrawing } from "./JobDrawing.tsx";
import { JobTools } from "./JobTools.tsx";
import { type Link, shape_of } from "./shape.ts";
import { type Laid, useLayout } from "./useLayout.ts";
import "./jobgraph.css";

/** Every job of the run and what it needs. */
export function JobGraph({ id }: { id: string }) {
  const graph = useQuery(graph_query(id));
  const run = useQuery(run_query(id)).data;
  if (graph.error && !graph.data) {
    return (
      <div className="graph">
        <JobTools />
        <Said
          alert
          title="The jobs could not be loaded"
          actions={<Button onClick={() => void graph.refetch()}>Try again</Button>}
        >
          <p>{graph.error.message}</p>
        </Said>
      </div>
    );
  }
  return (
    <div className="graph" aria-busy={!graph.data}>
      {!graph.data || !run ? (
        <Waiting text="Loading jobs …" />
      ) : graph.data.number.length === 0 ? (
        <>
          <JobTools />
          <Said title="No jobs yet">They appear when the plan is known.</Said>
        </>
      ) : (
        <Loaded run={run} graph={graph.data} />
      )}
    </div>
  );
}

function Waiting({ text }: { text: string }) {
  return (
    <>
      <JobTools />
      <div className="job-board job-board-waiting" aria-busy="true">
        <span className="soft">{text}</span>
      </div>
    </>
  );
}

const no_links: Link[] = [];

/** Of a run without a plan the rules are known at least: their columns are made of how these hang together. */
function useRuleLinks(id: string, { rules, edges }: Told): Link[] {
  const without = edges.length === 0 && rules.length > 1;
  const links = useQuery({ ...rulegraph_query(id), enabled: without }).data?.links;
  const text = JSON.stringify(without ? (links ?? []) : []);
  return useMemo(() => {
    const told = JSON.parse(text) as { source: string; target: string }[];
    if (told.length === 0) return no_links;
    return told.flatMap(({ source, target }) => {
      const [from, to] = [rules.indexOf(source), rules.indexOf(target)];
      return from < 0 || to < 0 || from === to ? [] : [{ from, to, edges: 0 }];
    });
  }, [rules, text]);
}

function Loaded({ run, graph }: { run: RunDetail; graph: Told }) {
  const { rules, number, rule, edges } = graph;
  const shape = useMemo(() => shape_of({ rules, number, rule, edges }), [rules, number, rule, edges]);
  const drawn = useRef<{ id: string; graph: Told; laid: Laid } | null>(null);
  const { laid, broken } = useLayout(shape, useRuleLinks(run.id, graph));
  if (broken) {
    return (
      <>
        <JobTools />
        <Said title="The graph could not be drawn">Jobs, failures and all else are not touched by it.</Said>
      </>
    );
  }
  // A plan that was taken anew is laid out anew: until then positions and places do not belong together, and what was
  // drawn stays.
  if (laid?.shape === shape) drawn.current = { id: run.id, graph, laid };
  const shown = drawn.current;
  if (shown?.id !== run.id) return <Waiting text={`Laying out ${count(number.length)} jobs …`} />;
  return <JobDrawing key={run.id} run={run} graph={shown.graph} laid={shown.laid} />;
}
