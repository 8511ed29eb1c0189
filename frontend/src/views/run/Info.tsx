import { Fragment, type ReactNode } from "react";
import type { RunDetail } from "../../api/types.ts";
import { Copy } from "../../ui/Copy.tsx";
import { count, duration, exact_time, shell } from "../../ui/format.ts";

type Fact = [string, ReactNode];

const copied = (text: string, what: string) => (
  <span className="fact-copy">
    <span className="mono">{text}</span>
    <Copy text={text} what={what} />
  </span>
);

function facts_of(run: RunDetail): Fact[] {
  const time = (at: string | null) => at && exact_time(at);
  const end = run.ended_at ?? run.lost_since;
  const took = run.started_at && end ? (Date.parse(end) - Date.parse(run.started_at)) / 1000 : null;
  const facts: Fact[] = [
    ["Id", copied(run.id, "id")],
    ["Command", run.command.length > 0 && copied(shell(run.command), "command")],
    ["Directory", copied(run.directory, "directory")],
    ["Snakefile", run.snakefile && <span className="mono">{run.snakefile}</span>],
    [
      "Configuration",
      run.configfiles.length > 0 && <span className="mono">{run.configfiles.join(", ")}</span>,
    ],
    ["Started", time(run.started_at)],
    ["Ended", time(run.ended_at)],
    ["Took", took != null && duration(took)],
    ["Last heard", time(run.last_heard_at)],
    ["Host", run.host],
    ["User", run.user],
    ["Workspace", run.workspace],
    ["Executor", run.executor],
    ["Cores", run.cores],
    ["Scheduler id", run.scheduler_id],
    ["Git", run.git?.commit && copied(run.git.commit, "commit")],
    ["Branch", run.git?.branch && `${run.git.branch}${run.git.dirty ? ", with changes not committed" : ""}`],
    ["Remote", run.git?.remote && <span className="mono">{run.git.remote}</span>],
    ["Snakemake", run.snakemake_version],
    ["Python", run.python_version],
    ["Plugin", run.plugin_version],
    ["Platform", run.platform],
    [
      "Events",
      [
        `${count(run.events)} heard`,
        run.gaps > 0 && `${count(run.gaps)} known to be lost`,
        run.skipped_events > 0 && `${count(run.skipped_events)} not understood`,
      ]
        .filter(Boolean)
        .join(", "),
    ],
  ];
  return facts.filter(([, fact]) => fact != null && fact !== false && fact !== "");
}

export function Info({ run }: { run: RunDetail }) {
  return (
    <div className="info">
      {run.note && <p className="info-note">{run.note}</p>}
      <dl className="facts stacked">
        {facts_of(run).map(([name, fact]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </Fragment>
        ))}
      </dl>
    </div>
  );
}
