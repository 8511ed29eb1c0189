import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { create_token, start_demo } from "../../api/actions.ts";
import { get, path, status_of } from "../../api/client.ts";
import { facets_query, first_run_query } from "../../api/queries.ts";
import type { Page, Run } from "../../api/types.ts";
import { useTopic } from "../../live/live.tsx";
import { Copy } from "../../ui/Copy.tsx";
import { Bone, Said } from "../../ui/Said.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import "./firstrun.css";

function Step({ n, title, children }: { n: number; title: string; children: ReactNode }) {
  return (
    <li>
      <span className="first-number">{n}</span>
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

function Command({ children }: { children: string }) {
  return (
    <div className="command">
      <code>{children}</code>
      <Copy text={children} what="command" />
    </div>
  );
}

export function FirstRun() {
  const [asked, ask] = useState(false);
  const first = useQuery({
    ...first_run_query,
    refetchInterval: ({ state }) => (asked || state.data?.demo_running ? 3000 : false),
  });
  // Once it is known to run, the server says when it is over.
  if (asked && first.data?.demo_running) ask(false);
  const facets = useQuery(facets_query);
  const total = facets.data?.total;
  // How many there were when the page opened: only what comes after that turns the light green.
  const [before, set_before] = useState(total);
  if (before === undefined && total !== undefined) set_before(total);
  useTopic("runs");
  useEffect(() => {
    document.title = "Connect a workflow · flowo";
  }, []);

  if (first.error && !first.data) {
    return (
      <Said
        alert
        title="The server did not say how to connect"
        actions={<Button onClick={() => void first.refetch()}>Try again</Button>}
      >
        <p>{first.error.message}</p>
      </Said>
    );
  }
  const facts = first.data;
  return (
    <div className="first">
      <h1>{total ? "Connect a workflow" : "No runs yet"}</h1>
      <p className="soft">Three steps, and each Snakemake run appears here while it runs.</p>
      <ol className="first-steps">
        <Step n={1} title="Install the plugin beside Snakemake">
          {facts ? <Command>{`pip install ${facts.plugin}`}</Command> : <Bone width={320} />}
        </Step>
        <Step n={2} title="Say where this server is">
          {facts ? (
            <Where url={facts.url} host={facts.host} local={facts.socket !== null} />
          ) : (
            <Bone width={320} />
          )}
        </Step>
        <Step n={3} title="Run your workflow as always, with one option more">
          <Command>snakemake --cores 4 --logger flowo</Command>
        </Step>
      </ol>
      <Light before={before} total={total} />
      {facts?.demo && <Demo running={asked || facts.demo_running} ask={ask} />}
    </div>
  );
}

/** On the server's own machine nothing is needed; from elsewhere an address and a token, made here when asked for. */
function Where({ url, host, local }: { url: string; host: string; local: boolean }) {
  const [token, set_token] = useState("");
  const [wrong, set_wrong] = useState("");
  const here = /^https?:\/\/(localhost|127\.|\[::1\])/.test(url); // what no other machine can reach
  const make = () =>
    create_token({ name: "first run", scope: "ingest", expires_in_days: 90 }).then(
      (made) => set_token(made.token),
      (error: Error) => set_wrong(error.message),
    );
  return (
    <>
      {local && (
        <p className="soft">
          On <b>{host}</b>, as the user who started flowo: nothing to do.{" "}
          {here ? "As another user there:" : "From another machine:"}
        </p>
      )}
      <Command>{`export FLOWO_URL=${url}\nexport FLOWO_TOKEN=${token || "…"}`}</Command>
      {here && (
        <p className="soft">
          For other machines, serve at an address that they reach: behind a proxy (
          <code>FLOWO_PUBLIC_URL</code>), or with <code>flowo serve --host</code>.
        </p>
      )}
      {token ? (
        <p className="soft">
          The token is shown only now. It is good for 90 days and can only report runs.{" "}
          <Link to="/tokens">All tokens</Link>
        </p>
      ) : (
        <p>
          <button type="button" className="link-button" onClick={() => void make()}>
            Make a token
          </button>
          {wrong && <span className="bad"> {wrong}</span>}
        </p>
      )}
    </>
  );
}

function Light({ before, total }: { before: number | undefined; total: number | undefined }) {
  const heard = total !== undefined && before !== undefined && total > before;
  const newest = useQuery({
    queryKey: ["runs", "newest", total],
    queryFn: ({ signal }) => get<Page<Run>>(path("runs", { limit: 1 }), signal),
    enabled: heard,
  });
  const run = newest.data?.items[0];
  return (
    <p className="first-light" data-heard={heard} role="status">
      <i aria-hidden="true" />
      {heard ? (
        <span>
          Heard from {run ? <b>{run.name}</b> : "a run"}.{" "}
          {run && (
            <Link to="/runs/$id" params={{ id: run.id }}>
              Watch it
            </Link>
          )}
        </span>
      ) : (
        "Listening for the first event"
      )}
    </p>
  );
}

function Demo({ running, ask }: { running: boolean; ask: (asked: boolean) => void }) {
  const [wrong, set_wrong] = useState("");
  const start = () => {
    ask(true);
    set_wrong("");
    start_demo().catch((error: Error) => {
      if (status_of(error) === 409) return;
      ask(false);
      set_wrong(error.message);
    });
  };
  return (
    <section className="first-demo">
      <h2>Or look first</h2>
      <p className="soft">
        The demo is a workflow of some 60 jobs that runs on this server for about a minute. One job fails and
        succeeds on its second attempt.
      </p>
      <Button onClick={start} disabled={running}>
        {running ? (
          <>
            <StatusIcon status="running" turning /> The demo is running
          </>
        ) : (
          "Run the demo"
        )}
      </Button>
      {wrong && (
        <p className="bad" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}
