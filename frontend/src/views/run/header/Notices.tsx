import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { end_run } from "../../../api/actions.ts";
import { keys } from "../../../api/queries.ts";
import type { RunDetail, Waiting } from "../../../api/types.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { useNow } from "../../../ui/clock.ts";
import { count, duration } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Said } from "../../../ui/Said.tsx";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { Ago, ClockTime, useTimes } from "../../../ui/Times.tsx";
import { type Held, useFocusAlong, useHeld } from "../held.ts";

const notice_of = ({ status, waiting }: RunDetail): "lost" | Waiting["reason"] | null =>
  status === "lost" ? "lost" : waiting && waiting.reason !== "cores" ? waiting.reason : null;

/** That nobody hears of the run, or that nothing runs: one place for both, since the one becomes the other. */
export function useNotice(run: RunDetail) {
  const now = notice_of(run);
  return useHeld(now, now === null ? "" : "notice");
}

const short: Record<string, string> = {
  lost: "Lost",
  unheard: "Not heard of",
  cluster: "Nothing runs yet",
  quiet: "Nothing runs",
};

/** In the row of the counters, where it came while somebody looks. */
export function FoldedNotice({ notice, held }: { notice: string; held: Held<string> }) {
  const button = useFocusAlong(held.pressed);
  return (
    <button
      type="button"
      className="run-counter run-told"
      ref={button}
      aria-expanded={false}
      title="What is known of it"
      onClick={held.open}
    >
      <StatusIcon status={icon_of(notice)} />
      <b className="cut">{short[notice]}</b>
      <Glyph name="down" size={12} />
    </button>
  );
}

const icon_of = (notice: string) => (notice === "lost" || notice === "unheard" ? "lost" : "queued");

export function Notice({ run, held }: { run: RunDetail; held: Held<string> }) {
  const box = useRef<HTMLDivElement>(null);
  const high = useRef(0);
  const button = useFocusAlong(held.pressed);
  const gone = notice_of(run) === null;
  useLayoutEffect(() => {
    if (!gone) high.current = box.current?.offsetHeight ?? 0;
  });
  return (
    // What no longer holds keeps its height: it goes when it is closed.
    <div className="run-notice" ref={box} style={gone ? { minHeight: high.current } : undefined}>
      {gone ? (
        <p className="soft">
          {run.ended_at
            ? "The run has ended."
            : held.shown === "cluster" || held.shown === "quiet"
              ? "Jobs run."
              : "It is heard of again."}
        </p>
      ) : run.status === "lost" ? (
        <LostNotice run={run} />
      ) : (
        run.waiting && <WaitingNotice run={run} waiting={run.waiting} />
      )}
      <button
        type="button"
        className="icon-button"
        ref={button}
        aria-expanded={true}
        aria-label="Close the notice"
        title="Close"
        onClick={held.close}
      >
        <Glyph name={gone ? "close" : "up"} />
      </button>
    </div>
  );
}

/** What is known of a lost run and how old it is; only people can say that it has ended. */
function LostNotice({ run }: { run: RunDetail }) {
  const cache = useQueryClient();
  const end = useMutation({
    mutationFn: () => end_run(run.id),
    onSuccess: (next) => {
      cache.setQueryData(keys.detail(run.id), next);
      void cache.invalidateQueries({ queryKey: keys.run(run.id) });
      void cache.invalidateQueries({ queryKey: keys.runs });
      document.getElementById("main")?.focus({ preventScroll: true }); // the button goes with the notice
    },
  });
  return (
    <div className="run-lost">
      <StatusIcon status="lost" />
      <p>
        <b>
          Last heard <Ago at={run.lost_since ?? run.last_heard_at} />
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

/** Why nothing runs although jobs are open, as far as the server knows. */
function WaitingNotice({ run, waiting }: { run: RunDetail; waiting: Waiting }) {
  const now = useNow();
  const times = useTimes();
  const many = `${count(waiting.jobs)} ${waiting.jobs === 1 ? "job" : "jobs"}`;
  const passed = waiting.since
    ? duration(Math.max(0, Math.floor((now - Date.parse(waiting.since)) / 1000)))
    : "";
  const since = (
    <time
      dateTime={waiting.since ?? undefined}
      title={waiting.since ? times.exact(waiting.since) : undefined}
    >
      {passed}
    </time>
  );
  const words: Record<Waiting["reason"], ReactNode> = {
    unheard: (
      <>
        <b>Not heard of for {since}.</b>{" "}
        <span className="soft">
          Snakemake may be gone, or its machine cannot reach this server. If that goes on, the run counts as
          lost.
        </span>
      </>
    ),
    cluster: (
      <>
        <b>Nothing runs yet: {many} submitted</b>
        {run.executor && ` to ${run.executor}`}
        {waiting.since && (
          <span className="soft">, the first {since} ago; none is known to have started.</span>
        )}
      </>
    ),
    quiet: (
      <>
        <b>Nothing runs, and {many} wait.</b>{" "}
        <span className="soft">
          Snakemake lives, and has told nothing for {since}.
          {waiting.said && (
            <>
              {" "}
              Its last words: <code>{waiting.said}</code>
            </>
          )}
        </span>
      </>
    ),
    cores: null,
  };
  if (!words[waiting.reason]) return null;
  return (
    <div className={`run-waits ${waiting.reason}`}>
      <StatusIcon status={waiting.reason === "unheard" ? "lost" : "queued"} />
      <p>{words[waiting.reason]}</p>
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
