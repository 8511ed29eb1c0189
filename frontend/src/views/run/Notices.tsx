import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { end_run } from "../../api/actions.ts";
import { keys } from "../../api/queries.ts";
import type { RunDetail } from "../../api/types.ts";
import { Copy } from "../../ui/Copy.tsx";
import { Said } from "../../ui/Said.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { Ago, ClockTime } from "../../ui/Times.tsx";

/** What is known of a lost run and how old it is; only people can say that it has ended. */
export function LostNotice({ run }: { run: RunDetail }) {
  const cache = useQueryClient();
  const end = useMutation({
    mutationFn: () => end_run(run.id),
    onSuccess: (next) => {
      cache.setQueryData(keys.detail(run.id), next);
      void cache.invalidateQueries({ queryKey: keys.run(run.id) });
      void cache.invalidateQueries({ queryKey: keys.runs });
    },
  });
  return (
    <div className="run-lost">
      <StatusIcon status="lost" />
      <p>
        <b>
          Last heard <Ago at={run.last_heard_at} />
        </b>
        <span className="soft">
          {" "}
          What you see is of <ClockTime at={run.lost_since ?? run.last_heard_at} />. Snakemake may have been
          killed, or its machine cannot reach this server. If it reports again, the run goes on here.
        </span>
        {end.error && <span className="bad"> {end.error.message}</span>}
      </p>
      {run.may_edit && (
        <Button loading={end.isPending} onClick={() => end.mutate()}>
          It has ended
        </Button>
      )}
    </div>
  );
}

export function NoJobs({ run }: { run: RunDetail }) {
  if (run.status === "running") {
    return (
      <Said title="Planning…">
        <p>Snakemake is reading the workflow. The jobs appear as soon as the plan is made.</p>
      </Said>
    );
  }
  if (run.status === "succeeded") {
    return (
      <Said title="Nothing to be done">
        <p>All requested files are there and up to date.</p>
      </Said>
    );
  }
  if (run.status === "lost") {
    return (
      <Said title="No job was heard of">
        <p>Snakemake was still reading the workflow when it was last heard.</p>
      </Said>
    );
  }
  const message = run.message ?? run.first_failure?.message;
  if (!message) {
    return (
      <Said
        title={
          run.status === "failed" ? "It failed before any job started" : "It ended before any job started"
        }
      >
        <p>Snakemake gave no message. Its log is below.</p>
      </Said>
    );
  }
  return (
    <section className="run-message" role="alert">
      <h2>
        {run.status === "failed" ? "It failed before any job started" : "It ended before any job started"}
        <Copy text={message} what="message" />
      </h2>
      <pre>{message}</pre>
    </section>
  );
}
