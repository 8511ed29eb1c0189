import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { World } from "./world.ts";

type Next = () => void;

async function text_of(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The pretended server inside Vite's own. `/__mock?signed_in=0&empty=1&stream=0&slow=800` changes its mood. */
export function mock(): Plugin {
  let world = new World();
  let streaming = true;
  let slow = 0;
  let broken = "";
  const open = new Set<{ response: ServerResponse; topics: string[] }>();
  const tell = (response: ServerResponse, event: string, data: unknown, id?: string) =>
    response.write(`${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

  const ticking = setInterval(() => {
    if (open.size === 0) return;
    const told = world.step();
    for (const { response, topics } of open) {
      for (const message of told) {
        if (topics.includes(message.topic)) tell(response, "run", message, String(message.revision));
      }
      const runs = told.flatMap(({ run }) => run ?? []);
      if (topics.includes("runs") && runs.length > 0) {
        tell(response, "runs", {
          topic: "runs",
          now: new Date().toISOString(),
          runs,
          deleted: [],
          resync: false,
        });
      }
    }
  }, 300);
  ticking.unref();

  const stream = (url: URL, response: ServerResponse) => {
    if (!streaming) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    tell(response, "hello", { now: new Date().toISOString(), version: "3.0.0" });
    const one = { response, topics: (url.searchParams.get("topics") ?? "").split(",") };
    open.add(one);
    response.on("close", () => open.delete(one));
  };

  const mood = (url: URL) => {
    const asked = url.searchParams;
    if (asked.has("reset")) world = new World();
    if (asked.has("empty")) world = new World(asked.get("empty") === "1" ? [] : undefined);
    if (asked.has("signed_in")) world.signed_in = asked.get("signed_in") === "1";
    if (asked.has("slow")) slow = Number(asked.get("slow"));
    if (asked.has("broken")) broken = asked.get("broken") ?? "";
    if (asked.has("stream")) {
      streaming = asked.get("stream") === "1";
      if (!streaming) for (const { response } of open) response.destroy();
    }
    return { runs: world.runs.slice(0, 12).map(({ detail }) => ({ id: detail.id, name: detail.name })) };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, next: Next) => {
    const url = new URL(request.url ?? "/", "http://mock");
    if (url.pathname === "/__mock") {
      response.end(JSON.stringify(mood(url)));
      return;
    }
    if (!url.pathname.startsWith("/api/v1/")) return next();
    if (url.pathname.endsWith("/stream")) return stream(url, response);
    const text = await text_of(request);
    if (slow) await new Promise((done) => setTimeout(done, slow));
    if (broken && url.pathname.endsWith(broken)) {
      response.writeHead(500, { "Content-Type": "application/problem+json" });
      response.end(
        JSON.stringify({
          type: "about:blank",
          title: "Broken",
          status: 500,
          detail: "The database does not answer.",
        }),
      );
      return;
    }
    const json = request.headers["content-type"]?.startsWith("application/json") && text;
    const answer = world.answer(request.method ?? "GET", url, json ? JSON.parse(text) : text);
    const kind = answer.status >= 400 ? "application/problem+json" : "application/json";
    response.writeHead(answer.status, answer.body === undefined ? {} : { "Content-Type": kind });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  };

  const install = (server: { middlewares: { use: (handler: typeof handle) => void } }) => {
    server.middlewares.use(handle);
  };
  return { name: "flowo-mock", configureServer: install, configurePreviewServer: install };
}
