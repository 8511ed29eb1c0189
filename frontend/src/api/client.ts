import { heard_now } from "../ui/clock.ts";
import type { Problem } from "./types.ts";

/** What the server says went wrong, or that it could not be asked (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.problem = problem;
  }
}

export const status_of = (error: unknown): number | undefined =>
  error instanceof ApiError ? error.status : undefined;

type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** Relative to `<base href>`, so that the pages also work under a sub-path. */
export function path(route: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value == null || value === "") continue;
    if (typeof value === "string" || typeof value === "number") params.append(name, String(value));
    else for (const one of value) params.append(name, one);
  }
  const text = params.toString();
  return new URL(`api/v1/${route}${text ? `?${text}` : ""}`, document.baseURI).href;
}

async function problem_of(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.detail === "string" || typeof body.title === "string") {
      return {
        type: body.type ?? "about:blank",
        title: body.title ?? response.statusText,
        status: response.status,
        detail: body.detail ?? "",
        errors: body.errors,
      };
    }
  } catch {
    // Not ours: a proxy's page, or an answer cut short.
  }
  return {
    type: "about:blank",
    title: `The server answered ${response.status}`,
    status: response.status,
    detail: response.statusText || "It gave no reason.",
  };
}

async function call(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const form = body instanceof URLSearchParams;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body !== undefined && !form ? { "Content-Type": "application/json" } : {}),
      },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({
      type: "about:blank",
      title: "The server cannot be reached",
      status: 0,
      detail: "No answer came. It may be stopped, or the network is cut.",
    });
  }
  if (!response.ok) throw new ApiError(await problem_of(response));
  return response;
}

export async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
  const answer = (await (await call("GET", url, undefined, signal)).json()) as T;
  if (answer && typeof answer === "object" && "now" in answer) heard_now(answer.now as string);
  return answer;
}

export async function send<T = void>(method: "POST" | "PATCH" | "DELETE", url: string, body?: unknown) {
  const response = await call(method, url, body);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}
