import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type FormEvent, useEffect, useState } from "react";
import { create_token, revoke_token } from "../../api/actions.ts";
import { keys, tokens_query } from "../../api/queries.ts";
import type { Scope, TokenCreated, TokenRead } from "../../api/types.ts";
import { Copy } from "../../ui/Copy.tsx";
import { server_now } from "../../ui/clock.ts";
import { Bone, Said } from "../../ui/Said.tsx";
import { Ago, useTimes } from "../../ui/Times.tsx";
import "./tokens.css";

const scopes: { scope: Scope; word: string; says: string }[] = [
  { scope: "ingest", word: "report", says: "Reports runs, sees nothing. For the plugin." },
  { scope: "read", word: "read", says: "Sees what you see, changes nothing." },
  { scope: "full", word: "full", says: "All that you may do. Keep it as you keep a password." },
];

const spans: [string, number | null][] = [
  ["7 days", 7],
  ["30 days", 30],
  ["90 days", 90],
  ["1 year", 365],
  ["never", null],
];

export function Tokens() {
  const list = useQuery(tokens_query);
  const [made, set_made] = useState<TokenCreated | null>(null);
  useEffect(() => {
    document.title = "Tokens · flowo";
  }, []);
  return (
    <div className="tokens">
      <h1>Tokens</h1>
      <p className="soft tokens-lead">
        For programs: the plugin beside Snakemake, scripts, the command line. Each is shown once, when it is
        made.
      </p>
      <Make on_made={set_made} />
      {made && <Made token={made} on_close={() => set_made(null)} />}
      {list.error && !list.data && (
        <Said
          alert
          title="The tokens could not be listed"
          actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
        >
          <p>{list.error.message}</p>
        </Said>
      )}
      {list.isPending && <Bone width="60%" />}
      {list.data && list.data.items.length === 0 && <p className="soft">There are none yet.</p>}
      {list.data && list.data.items.length > 0 && <List tokens={list.data.items} />}
    </div>
  );
}

function Make({ on_made }: { on_made: (token: TokenCreated) => void }) {
  const cache = useQueryClient();
  const [scope, set_scope] = useState<Scope>("ingest");
  const make = useMutation({
    mutationFn: create_token,
    onSuccess: (token) => {
      on_made(token);
      void cache.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const span = String(form.get("expires"));
    make.mutate({
      name: String(form.get("name")).trim(),
      scope,
      expires_in_days: span === "never" ? null : Number(span),
    });
    event.currentTarget.reset();
  };
  return (
    <form className="token-form" onSubmit={submit}>
      <label>
        Name
        <input className="field wide" name="name" required maxLength={100} placeholder="laptop, cluster, …" />
      </label>
      <label>
        May
        <select className="field" value={scope} onChange={(event) => set_scope(event.target.value as Scope)}>
          {scopes.map((one) => (
            <option key={one.scope} value={one.scope}>
              {one.word}
            </option>
          ))}
        </select>
      </label>
      <label>
        Expires after
        <select className="field" name="expires" defaultValue="90">
          {spans.map(([word, days]) => (
            <option key={word} value={days ?? "never"}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <Button type="primary" htmlType="submit" disabled={make.isPending}>
        Make a token
      </Button>
      <p className="soft">{scopes.find((one) => one.scope === scope)?.says}</p>
      {make.error && (
        <p className="bad" role="alert">
          {make.error.message}
        </p>
      )}
    </form>
  );
}

function Made({ token, on_close }: { token: TokenCreated; on_close: () => void }) {
  return (
    <section className="token-made" role="status">
      <h2>{token.name}: copy it now, it is not shown again</h2>
      <div className="command">
        <code>{token.token}</code>
        <Copy text={token.token} what="token" />
      </div>
      <p className="soft">
        Where Snakemake runs: <code>flowo config set token …</code> or the variable <code>FLOWO_TOKEN</code>.
        Never on the command line, where others see it.
      </p>
      <p>
        <Button onClick={on_close}>Done</Button>
      </p>
    </section>
  );
}

function List({ tokens }: { tokens: TokenRead[] }) {
  return (
    <div className="token-list" tabIndex={0} role="region" aria-label="Tokens">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">May</th>
            <th scope="col">Ends with</th>
            <th scope="col">Made</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row key={token.id} token={token} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ token }: { token: TokenRead }) {
  const cache = useQueryClient();
  const [asking, ask] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revoke_token(token.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.tokens }),
  });
  const times = useTimes();
  const over = token.expires_at !== null && Date.parse(token.expires_at) < server_now();
  return (
    <tr className={over ? "faint" : undefined}>
      <th scope="row">
        {token.name}
        {token.workspace && <span className="faint"> in {token.workspace}</span>}
      </th>
      <td data-name="May">{scopes.find((one) => one.scope === token.scope)?.word ?? token.scope}</td>
      <td data-name="Ends with">
        <span className="mono">…{token.last4}</span>
      </td>
      <td data-name="Made">
        <Ago at={token.created_at} />
      </td>
      <td data-name="Last used">{token.last_used_at ? <Ago at={token.last_used_at} /> : "never"}</td>
      <td data-name="Expires" title={token.expires_at ? times.exact(token.expires_at) : undefined}>
        {token.expires_at ? (over ? "expired" : times.day(token.expires_at)) : "never"}
      </td>
      <td className="token-ways" data-asking={asking}>
        {asking ? (
          <>
            <button type="button" className="link-button bad" onClick={() => revoke.mutate()}>
              Revoke for good
            </button>{" "}
            <button type="button" className="link-button" onClick={() => ask(false)}>
              Keep
            </button>
          </>
        ) : (
          <button
            type="button"
            className="link-button"
            aria-label={`Revoke ${token.name}`}
            onClick={() => ask(true)}
          >
            Revoke
          </button>
        )}
        {revoke.error && <span className="bad"> {revoke.error.message}</span>}
      </td>
    </tr>
  );
}
