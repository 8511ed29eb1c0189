import type { JobGraph } from "../../../api/graph.ts";
import type { RunDetail } from "../../../api/types.ts";
import { count, duration } from "../../../ui/format.ts";
import { type Chain, chain_words } from "../graph/chain.ts";
import type { Reach } from "./reach.ts";

const jobs = (n: number) => `${count(n)} ${n === 1 ? "job" : "jobs"}`;

/** One line: the job that is looked at, or what the whole is. */
export function JobFoot({
  run,
  graph,
  from,
  rule,
  reach,
  chain,
}: {
  run: RunDetail;
  graph: JobGraph;
  from: number | undefined;
  rule: string;
  reach: Reach | null;
  chain: Chain | null;
}) {
  const facts =
    from !== undefined && reach
      ? [`needs ${jobs(reach.up.length)}`, `needed by ${jobs(reach.down.length)}`]
      : chain
        ? [
            chain.jobs.length > 0
              ? `${chain_words(run)}: ${jobs(chain.jobs.length)}, ${duration(chain.total / 1000)}`
              : `Nothing was measured${run.ended_at === null ? " yet" : ""} that a chain could be made of`,
          ]
        : [
            graph.generation === 0
              ? "No plan was recorded (--logger-flowo-no-plan): what needs what is not known"
              : `${jobs(graph.number.length)}, ${count(graph.edges.length / 2)} dependencies`,
          ];
  return (
    <div className="graph-foot" title={facts.join(" · ")}>
      {from !== undefined && (
        <b className="cut">
          {rule} <span className="faint">job {graph.number[from]}</span>
        </b>
      )}
      <span className="cut">{facts.join(" · ")}</span>
    </div>
  );
}
