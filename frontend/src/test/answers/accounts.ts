/** Who is there, how to get in, tokens, and the first run. */
import type { TokenRead } from "../../api/types.ts";
import { ago, an_id } from "../factories.ts";
import { type Answers, problem } from "./route.ts";

/** What is answered to whoever asks; all else is 401 before one has signed in. */
export const open_to_all = ["GET /api/v1/auth/config", "POST /api/v1/auth/login"];

export const accounts: Answers = {
  "GET /api/v1/auth/config": ({ world }) => ({
    status: 200,
    body: { version: "3.0.0", password: world.password, local: world.local },
  }),
  "POST /api/v1/auth/login": ({ world, body }) => {
    const right = String(body).includes("password=right");
    if (!right) return problem(400, "Not signed in", "Name or password is not right.");
    world.signed_in = true;
    return { status: 204 };
  },
  "POST /api/v1/auth/logout": ({ world }) => {
    world.signed_in = false;
    return { status: 204 };
  },
  "POST /api/v1/auth/logout-everywhere": ({ world }) => {
    world.signed_in = false;
    return { status: 204 };
  },
  "GET /api/v1/me": () => ({
    status: 200,
    body: {
      ...{ id: an_id(), name: "Ada Byron", email: "ada@lab.example", is_superuser: true },
      workspaces: [{ id: an_id(), slug: "ada", name: "Ada", role: "owner" }],
      now: ago(0),
    },
  }),
  "GET /api/v1/first-run": ({ world }) => ({
    status: 200,
    body: {
      url: "http://127.0.0.1:3100",
      host: "hpc-login2",
      runs: world.runs.length,
      demo: true,
      demo_running: false,
      socket: "/home/ada/.local/share/flowo/flowo.sock",
      data_dir: "/home/ada/.local/share/flowo",
      plugin: "snakemake-logger-plugin-flowo==3.0.0",
    },
  }),
  "GET /api/v1/tokens": ({ world }) => ({ status: 200, body: { items: world.tokens, next: null } }),
  "POST /api/v1/tokens": ({ world, body }) => {
    const days = body.expires_in_days;
    const token: TokenRead = {
      id: an_id(),
      name: body.name,
      scope: body.scope,
      workspace: null,
      last4: "x7Qd",
      created_at: ago(0),
      expires_at: days == null ? null : ago(-days * 86_400),
      last_used_at: null,
    };
    world.tokens.unshift(token);
    return { status: 201, body: { ...token, token: "flowo_2f9QpLkTz0aVb7NsXw81RmEyHcJd4UgK3iox7Qd" } };
  },
  "DELETE /api/v1/tokens/{token_id}": ({ world, at }) => {
    world.tokens = world.tokens.filter(({ id }) => id !== at.token_id);
    return { status: 204 };
  },
};
