import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { Button, Input } from "antd";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { sign_in } from "../../api/actions.ts";
import { status_of } from "../../api/client.ts";
import { keys, me_query, sign_in_query } from "../../api/queries.ts";
import { Copy } from "../../ui/Copy.tsx";
import { parse_search } from "../../ui/search_params.ts";
import "./signin.css";

const route = getRouteApi("/sign-in");

export function SignIn() {
  const { link, next } = route.useSearch();
  const config = useQuery(sign_in_query);
  const cache = useQueryClient();
  const router = useRouter();
  const [busy, set_busy] = useState(false);
  const [wrong, set_wrong] = useState("");

  useEffect(() => {
    document.title = "Sign in · flowo";
  }, []);

  const go_on = async () => {
    await cache.fetchQuery({ ...me_query, staleTime: 0, retry: false });
    const to = new URL(next ?? "/runs", "http://here");
    await router.navigate({
      to: to.pathname as "/runs",
      search: parse_search(to.search) as never,
      replace: true,
    });
  };
  const latest = useRef(go_on);
  latest.current = go_on;
  // One link signs in the browser, not a tab: the others that wait here go back to where they were.
  const waits = next !== undefined;
  useEffect(() => {
    if (link) return; // what is wrong with it is read first
    const ask = () => {
      if (!document.hidden) latest.current().catch(() => {}); // nobody is signed in yet
    };
    if (waits) ask();
    document.addEventListener("visibilitychange", ask);
    window.addEventListener("focus", ask);
    return () => {
      document.removeEventListener("visibilitychange", ask);
      window.removeEventListener("focus", ask);
    };
  }, [waits, link]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    set_busy(true);
    set_wrong("");
    try {
      await sign_in(String(form.get("username")), String(form.get("password")));
      cache.removeQueries({ queryKey: keys.me });
      await go_on();
    } catch (error) {
      const status = status_of(error);
      set_wrong(
        status === 400 || status === 401
          ? "Name or password is not right."
          : error instanceof Error
            ? error.message
            : "That did not work.",
      );
      set_busy(false);
    }
  };

  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <h1>flowo</h1>
        {link && (
          <p className="sign-in-link" role="alert">
            {link === "used"
              ? "This link has been used. Each link signs in once."
              : "This link is too old. Links are good for 30 minutes."}{" "}
            Make a new one below.
          </p>
        )}
        {config.data?.local && (
          <section>
            <h2>On the machine that serves</h2>
            <p className="soft">Whoever started flowo gets a new link with</p>
            <div className="command">
              <code>flowo open</code>
              <Copy text="flowo open" what="command" />
            </div>
          </section>
        )}
        {config.data?.password && (
          <form onSubmit={(event) => void submit(event)}>
            <h2>With a password</h2>
            <label>
              Name or e-mail
              <Input name="username" autoComplete="username" required autoFocus={!config.data.local} />
            </label>
            <label>
              Password
              <Input type="password" name="password" autoComplete="current-password" required />
            </label>
            {wrong && (
              <p className="sign-in-wrong" role="alert">
                {wrong}
              </p>
            )}
            <Button type="primary" htmlType="submit" loading={busy} block>
              Sign in
            </Button>
          </form>
        )}
        {config.error && (
          <p role="alert">
            {config.error.message}{" "}
            <button type="button" className="link-button" onClick={() => void config.refetch()}>
              Try again
            </button>
          </p>
        )}
        {config.data && !config.data.password && !config.data.local && (
          <p className="soft">Nobody can sign in here yet. Ask whoever runs this server for a link.</p>
        )}
        {config.data && <p className="faint sign-in-version">flowo {config.data.version}</p>}
      </div>
    </main>
  );
}
