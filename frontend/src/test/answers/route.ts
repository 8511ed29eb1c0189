/** The routes of the pretended server, by the API's own description: where an answer drifts from it, tsc says so. */
import type { paths } from "../../api/schema.gen.ts";
import type { Problem, Whole } from "../../api/types.ts";
import type { MadeRun } from "../made_runs.ts";
import type { World } from "../world.ts";

type Path = keyof paths & string;
type Method = "get" | "post" | "patch" | "delete";

/** `GET /api/v1/runs/{run_id}` and its like. */
type Route = {
  [P in Path]: {
    [M in Method]: paths[P][M] extends { responses: unknown } ? `${Uppercase<M>} ${P}` : never;
  }[Method];
}[Path];

type PathOf<R extends Route> = R extends `${string} ${infer P extends Path}` ? P : never;
type Operation<R extends Route> = R extends `${infer M} ${infer P extends Path}`
  ? paths[P][Lowercase<M> & Method]
  : never;
type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Json<Content> = Content extends { content: { "application/json": infer Body } } ? Body : undefined;
type Done = 200 | 201 | 202 | 204;

type Said<Op> = Op extends { responses: infer All }
  ? {
      [Status in keyof All & Done]: Json<All[Status]> extends undefined
        ? { status: Status; body?: undefined }
        : { status: Status; body: Whole<Json<All[Status]>> };
    }[keyof All & Done]
  : never;

export interface Trouble {
  status: 400 | 401 | 404;
  body: Problem;
}

interface Asked<R extends Route> {
  world: World;
  query: URLSearchParams;
  /** What stands in the braces of the route. */
  at: Record<Names<PathOf<R>>, string>;
  /** Which `{run_id}` is of. */
  run: "run_id" extends Names<PathOf<R>> ? MadeRun : undefined;
  body: Operation<R> extends { requestBody: infer Sent } ? Json<Sent> : undefined;
}

export type Answers = { [R in Route]?: (asked: Asked<R>) => Said<Operation<R>> | Trouble };

/** As `World.answer` gives it, whatever was asked. */
export interface Answer {
  status: number;
  body?: unknown;
}

export const problem = (status: Trouble["status"], title: string, detail: string): Trouble => ({
  status,
  body: { type: "about:blank", title, status, detail },
});

export function page<T>(items: T[], query: URLSearchParams) {
  const limit = Number(query.get("limit") ?? 50);
  const from = Number(query.get("cursor") ?? 0);
  const next = from + limit < items.length ? String(from + limit) : null;
  return { status: 200 as const, body: { items: items.slice(from, from + limit), next } };
}

/** What was found for a request: its route, and what stands in the braces of that. */
export interface Found {
  route: string;
  at: Record<string, string>;
  tell: (asked: unknown) => Answer;
}

/** Finds who answers: of `jobs/count` and `jobs/{number}` the one with fewer braces. */
export function finder(answers: Answers): (method: string, pathname: string) => Found | undefined {
  const known = Object.entries(answers).map(([route, tell]) => {
    const names = [...route.matchAll(/{(\w+)}/g)].map(([, name]) => name as string);
    const text = route.replaceAll(".", "\\.").replaceAll(/{\w+}/g, "([^/]+)");
    return { route, names, pattern: new RegExp(`^${text}$`), tell: tell as Found["tell"] };
  });
  known.sort((a, b) => a.names.length - b.names.length);
  return (method, pathname) => {
    for (const { route, names, pattern, tell } of known) {
      const values = pattern.exec(`${method} ${pathname}`);
      if (!values) continue;
      const at = names.map((name, i) => [name, decodeURIComponent(values[i + 1] ?? "")]);
      return { route, at: Object.fromEntries(at), tell };
    }
    return undefined;
  };
}
