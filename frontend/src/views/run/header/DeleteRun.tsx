import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button } from "antd";
import { delete_run } from "../../../api/actions.ts";
import { keys } from "../../../api/queries.ts";
import type { RunDetail } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";
import { Sheet } from "../../../ui/Sheet.tsx";
import { useTimes } from "../../../ui/Times.tsx";

const many = (n: number, one: string, more: string) => `${count(n)} ${n === 1 ? one : more}`;

/** Asks once, and says what goes and what stays. */
export function DeleteRun({ run, on_close }: { run: RunDetail; on_close: () => void }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const times = useTimes();
  const gone = useMutation({
    mutationFn: () => delete_run(run.id),
    onSuccess: async () => {
      await navigate({ to: "/runs" });
      cache.removeQueries({ queryKey: keys.run(run.id) });
      void cache.invalidateQueries({ queryKey: keys.runs });
    },
  });
  return (
    <Sheet title="Delete this run" on_close={on_close}>
      <p>
        <b>{run.name}</b>
        {run.started_at && <span className="soft"> of {times.exact(run.started_at)}</span>}
      </p>
      <dl className="facts delete-facts">
        <dt>Goes, for everybody</dt>
        <dd>
          {many(run.jobs.total, "job", "jobs")}, {many(run.events, "event", "events")}, copies of logs,
          figures, name, tags and note
        </dd>
        <dt>Stays</dt>
        <dd>The workflow and all its files, the jobs' own logs too</dd>
        {run.status === "running" && (
          <>
            <dt>It still runs</dt>
            <dd>Snakemake goes on; what it reports from now on is not kept</dd>
          </>
        )}
      </dl>
      {gone.error && (
        <p className="bad" role="alert">
          {gone.error.message}
        </p>
      )}
      <p className="sheet-actions">
        <Button onClick={on_close}>Keep it</Button>
        <Button danger type="primary" loading={gone.isPending} onClick={() => gone.mutate()}>
          Delete
        </Button>
      </p>
    </Sheet>
  );
}
