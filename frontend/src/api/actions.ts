/** What people change. Each answers what the server made of it. */
import { get, path, send } from "./client.ts";
import type { LogLine, Page, RunDetail, RunPatch, TokenCreate, TokenCreated } from "./types.ts";

const run_route = (id: string) => `runs/${encodeURIComponent(id)}`;

export const sign_in = (username: string, password: string) =>
  send("POST", path("auth/login"), new URLSearchParams({ username, password }));
export const sign_out = () => send("POST", path("auth/logout"));
export const sign_out_everywhere = () => send("POST", path("auth/logout-everywhere"));

export const patch_run = (id: string, patch: RunPatch) =>
  send<RunDetail>("PATCH", path(run_route(id)), patch);
export const delete_run = (id: string) => send("DELETE", path(run_route(id)));
export const end_run = (id: string) => send<RunDetail>("POST", path(`${run_route(id)}/end`));

export const start_demo = () => send("POST", path("demo"));

export const create_token = (token: TokenCreate) => send<TokenCreated>("POST", path("tokens"), token);
export const revoke_token = (id: string) => send("DELETE", path(`tokens/${encodeURIComponent(id)}`));

export const log_since = (id: string, seq: number) =>
  get<Page<LogLine>>(path(`${run_route(id)}/log`, { limit: 500, since: seq }));
