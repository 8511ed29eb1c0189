import type { JobDetail } from "../../../api/types.ts";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { count, wildcards_text } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { JobMention } from "./JobMention.tsx";

type Near = NonNullable<JobDetail["near"]>[number];

const one_by_one = 3; // jobs of a rule; more are folded to it
const steps: [number, string][] = [
  [-2, "2 before"],
  [-1, "1 before"],
  [0, "this job"],
  [1, "1 after"],
  [2, "2 after"],
];

function Jobs({ near, run_id }: { near: Near; run_id: string }) {
  const hidden = near.jobs.total - near.links.length;
  return (
    <>
      {near.links.map((job) => (
        <li key={job.number}>
          <JobMention job={job} run_id={run_id} />
        </li>
      ))}
      {hidden > 0 && <li className="soft">and {count(hidden)} more</li>}
    </>
  );
}

function Rule({ near, run_id }: { near: Near; run_id: string }) {
  if (near.jobs.total <= one_by_one) return <Jobs near={near} run_id={run_id} />;
  return (
    <li>
      <details className="fold">
        <summary>
          <span className="cut">{near.rule}</span>
          <span className="faint">{count(near.jobs.total)}</span>
          <CountsBar counts={near.jobs} />
          {near.jobs.failed > 0 && <span className="bad">{count(near.jobs.failed)} failed</span>}
        </summary>
        <ul className="place-jobs">
          <Jobs near={near} run_id={run_id} />
        </ul>
      </details>
    </li>
  );
}

/** Where it stands in the graph: what it needs above, what needs it below, two steps each way. */
export function JobPlace({ job, run_id }: { job: JobDetail; run_id: string }) {
  const { near } = job;
  if (!near) return <p className="soft">Not known: no plan with this job was recorded.</p>;
  return (
    <>
      <dl className="place">
        {steps.map(([step, word]) => {
          const here = near.filter((one) => one.step === step);
          if (step !== 0 && here.length === 0) return null;
          return (
            <div key={step} data-here={step === 0 || undefined}>
              <dt className="faint">{word}</dt>
              <dd>
                <ul className="place-jobs" aria-label={word}>
                  {step === 0 ? (
                    <li>
                      <span className="job-mention">
                        <StatusIcon status={job.status} titled />
                        <span className="cut">
                          {job.rule} <span className="soft">{wildcards_text(job.wildcards)}</span>
                        </span>
                      </span>
                    </li>
                  ) : (
                    here.map((one) => <Rule key={one.rule} near={one} run_id={run_id} />)
                  )}
                </ul>
              </dd>
            </div>
          );
        })}
      </dl>
      {near.length === 0 && <p className="soft">It needs no other job of this run, and none needs it.</p>}
    </>
  );
}
