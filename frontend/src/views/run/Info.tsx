import { Fragment, type ReactNode } from "react";
import type { RunDetail } from "../../api/types.ts";
import { Code } from "../../ui/Code.tsx";
import { Copy } from "../../ui/Copy.tsx";
import { count, duration, shell } from "../../ui/format.ts";
import { type Times, useTimes } from "../../ui/Times.tsx";
import { Words } from "../../ui/Words.tsx";
import { to_yaml } from "../../ui/yaml.ts";

type Fact = [string, ReactNode];

const copied = (text: string, what: string) => (
  <span className="fact-copy">
    <span className="mono">
      <Words text={text} />
    </span>
    <Copy text={text} what={what} />
  </span>
);

/** Paths, each with the hash that its file had: whole on hover, its beginning is enough to compare by eye. */
const files = (paths: string[], hashes: Record<string, string>) => (
  <ul className="info-files">
    {paths.map((file) => (
      <li key={file}>
        <span className="mono">{file}</span>
        {hashes[file] && (
          <span className="faint mono" title={`SHA-256 ${hashes[file]}`}>
            {hashes[file].slice(0, 12)}
          </span>
        )}
      </li>
    ))}
  </ul>
);

function facts_of(run: RunDetail, times: Times): Fact[] {
  const time = (at: string | null) => at && times.exact(at);
  const end = run.ended_at ?? run.lost_since;
  const took = run.started_at && end ? (Date.parse(end) - Date.parse(run.started_at)) / 1000 : null;
  const facts: Fact[] = [
    ["Id", copied(run.id, "id")],
    ["Command", run.command.length > 0 && copied(shell(run.command), "command")],
    ["Directory", copied(run.directory, "directory")],
    ["Snakefile", run.snakefile && <span className="mono">{run.snakefile}</span>],
    ["Config files", run.configfiles.length > 0 && files(run.configfiles, run.file_hashes)],
    ["Profile", run.profiles.length > 0 && files(run.profiles, run.file_hashes)],
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
  const times = useTimes();
  return (
    <div className="info">
      {run.note && <p className="info-note">{run.note}</p>}
      <dl className="facts stacked">
        {facts_of(run, times).map(([name, fact]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </Fragment>
        ))}
      </dl>
      <Configuration run={run} />
    </div>
  );
}

/** The configuration as the workflow had it, all its sources merged. */
function Configuration({ run }: { run: RunDetail }) {
  const empty = run.config == null || Object.keys(run.config as object).length === 0;
  if (empty && run.configfiles.length === 0) return null;
  return (
    <section className="info-config">
      <h3>Configuration</h3>
      {empty ? (
        <p className="soft">{run.config == null ? "It was not recorded." : "It is empty."}</p>
      ) : (
        <Code text={to_yaml(run.config)} what="configuration" />
      )}
      {run.config_cut && (
        <p className="soft">It is too large to be kept whole: the ends of long lists are left out.</p>
      )}
    </section>
  );
}
