import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef } from "react";
import { usage_query } from "../../../api/figures.ts";
import type { RuleUsage, RunDetail } from "../../../api/types.ts";
import { rule_colour } from "../../../theme/hue.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { bytes, count, duration } from "../../../ui/format.ts";
import { useOverflow } from "../../../ui/overflow.ts";
import { Said } from "../../../ui/Said.tsx";
import { useSelection } from "../selection/selection.ts";
import { profile_yaml, suggested } from "./resources.ts";

const share_text = (share: number) =>
  share >= 0.995 ? "100 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** What each rule took of the run, what it used of what it asked for, and what it could ask for instead. */
export function Usage({ run }: { run: RunDetail }) {
  const usage = useQuery(usage_query(run.id));
  const table = useRef<HTMLElement>(null);
  useOverflow(table, undefined, usage.data?.rules.length);
  if (usage.error && !usage.data) {
    return (
      <Said
        alert
        title="The figures could not be loaded"
        actions={<Button onClick={() => void usage.refetch()}>Try again</Button>}
      >
        <p>{usage.error.message}</p>
      </Said>
    );
  }
  if (!usage.data)
    return (
      <div className="tl-waiting soft" aria-busy="true">
        Loading figures …
      </div>
    );
  const { rules } = usage.data;
  if (rules.length === 0) {
    return (
      <Said title="No figures yet">
        <p>They come from jobs that succeeded; so far there is none whose duration is known.</p>
      </Said>
    );
  }
  const total = rules.reduce((sum, { total_seconds }) => sum + total_seconds, 0);
  const weighed = rules.some((rule) => rule.weighed > 0 || rule.loaded > 0);
  const could = suggested(rules);
  return (
    <section className="tl-usage fades" ref={table} aria-label="Figures of the rules" tabIndex={0}>
      <table>
        <caption className="faint">Of jobs that succeeded and whose run time is known.</caption>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col" title="Jobs that succeeded and whose run time is known">
              Succeeded
            </th>
            <th scope="col">Median</th>
            <th scope="col" title="95 of 100 jobs took no longer">
              p95
            </th>
            <th scope="col">Longest</th>
            <th scope="col" title="Run times of these jobs together, and their share of all rules">
              Together
            </th>
            {weighed && (
              <th scope="col" title="Memory: p95 of the benchmarks, of what was asked for">
                Memory used
              </th>
            )}
            {weighed && (
              <th scope="col" title="Cores busy on average by the benchmarks, of the threads asked for">
                Cores used
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <Row
              key={rule.rule}
              rule={rule}
              share={total > 0 ? rule.total_seconds / total : 0}
              weighed={weighed}
            />
          ))}
        </tbody>
      </table>
      {could.length > 0 ? (
        <div className="tl-could">
          <div className="tl-could-head">
            <h3>What could be asked for</h3>
            <Copy text={profile_yaml(could)} what="the piece of a profile" />
          </div>
          <p className="soft">
            What 95 of 100 jobs of this run stayed within, and a fifth more; runtime in minutes. It goes into
            a profile’s <code>config.yaml</code>. Look at it first where it rests on few jobs.
          </p>
          <pre>{profile_yaml(could)}</pre>
        </div>
      ) : (
        <p className="faint tl-could">
          With <code>benchmark:</code> in a rule, this also says what its jobs used of the memory and cores
          they asked for, and what they could ask for instead.
        </p>
      )}
    </section>
  );
}

function Row({ rule, share, weighed }: { rule: RuleUsage; share: number; weighed: boolean }) {
  const { search, only_rule } = useSelection();
  const asked = rule.mem_mb ? ` of ${bytes(rule.mem_mb * 1e6)}` : "";
  return (
    <tr data-chosen={search.rule?.includes(rule.rule) || undefined}>
      <th scope="row">
        <button type="button" className="tl-rule" title={rule.rule} onClick={() => only_rule(rule.rule)}>
          <i style={{ background: rule_colour(rule.rule) }} />
          <span className="cut">{rule.rule}</span>
        </button>
      </th>
      <td>{count(rule.timed)}</td>
      <td>{duration(rule.median_seconds)}</td>
      <td>{duration(rule.p95_seconds)}</td>
      <td>{duration(rule.max_seconds)}</td>
      <td>
        <span className="tl-share">
          <i style={{ width: `${Math.max(1, share * 100)}%` }} />
        </span>
        {share_text(share)} <span className="soft">{duration(rule.total_seconds)}</span>
      </td>
      {weighed && (
        <td title={rule.weighed ? `By ${count(rule.weighed)} jobs with a benchmark` : undefined}>
          {rule.p95_rss_mb === null ? "" : `${bytes(rule.p95_rss_mb * 1_048_576)}${asked}`}
        </td>
      )}
      {weighed && (
        <td title={rule.loaded ? `By ${count(rule.loaded)} jobs with a benchmark` : undefined}>
          {rule.median_load === null
            ? ""
            : `${(rule.median_load / 100).toFixed(1)}${rule.threads ? ` of ${rule.threads}` : ""}`}
        </td>
      )}
    </tr>
  );
}
