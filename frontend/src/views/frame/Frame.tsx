import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { status_of } from "../../api/client.ts";
import { me_query } from "../../api/queries.ts";
import { LiveProvider } from "../../live/live.tsx";
import { useKeys } from "../../ui/keys.ts";
import { Said } from "../../ui/Said.tsx";
import { next_time_form } from "../../ui/zone.ts";
import { Help } from "./Help.tsx";
import { LiveMark } from "./LiveMark.tsx";
import { RunSearchBox } from "./RunSearchBox.tsx";
import { TimesMark } from "./TimesMark.tsx";
import { UserMenu } from "./UserMenu.tsx";
import "./frame.css";

export function Frame() {
  const cache = useQueryClient();
  const me = useQuery(me_query);
  const router = useRouter();
  const navigate = useNavigate();
  const [help, set_help] = useState(false);
  useFocusOnArrival();
  useKeys({
    all_runs: () => void navigate({ to: "/runs" }),
    help: () => set_help(true),
    times: () => next_time_form(),
    search: () => {
      const fields = [...document.querySelectorAll<HTMLInputElement>("input[data-slash]")];
      const field = fields.findLast((one) => one.offsetParent !== null);
      field?.focus();
      field?.select();
    },
  });

  if (status_of(me.error) === 401) {
    const next = router.state.location.href;
    return <Navigate to="/sign-in" search={next === "/runs" ? {} : { next }} replace />;
  }
  if (me.error && !me.data) {
    return (
      <Said
        alert
        title="The server does not answer"
        actions={<Button onClick={() => void me.refetch()}>Try again</Button>}
      >
        <p>{me.error.message} Runs go on and keep their record; it is sent when the server is back.</p>
      </Said>
    );
  }
  return (
    <LiveProvider
      cache={cache}
      open_run={(id) => void navigate({ to: "/runs/$id", params: { id }, search: {} })}
    >
      <button type="button" className="skip-link" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className="frame-head">
        <div className="frame-side">
          <Link to="/runs" className="frame-mark" aria-label="flowo, all runs">
            flowo
          </Link>
          <nav aria-label="Pages">
            <Link to="/runs" activeOptions={{ exact: false, includeSearch: false }}>
              Runs
            </Link>
          </nav>
        </div>
        <RunSearchBox />
        <div className="frame-side end">
          <TimesMark />
          <LiveMark />
          <UserMenu me={me.data} on_help={() => set_help(true)} />
        </div>
      </header>
      <main id="main" className="frame-main" tabIndex={-1}>
        {me.data && <Outlet />}
      </main>
      {help && <Help on_close={() => set_help(false)} />}
    </LiveProvider>
  );
}

/** What one has followed is gone with the page before: who goes by keys or listens goes on in the new one, not at its frame. */
function useFocusOnArrival() {
  // Not where one is going: what is left has the focus until the new page stands.
  const page = useRouterState({
    select: ({ resolvedLocation }) => resolvedLocation?.pathname.replace(/\/jobs\/.*/, ""),
  });
  const before = useRef(page);
  useEffect(() => {
    const arrived = before.current !== undefined && before.current !== page;
    before.current = page;
    if (!arrived) return;
    const gone = !document.activeElement || document.activeElement === document.body;
    if (gone) document.getElementById("main")?.focus({ preventScroll: true });
  }, [page]);
}
