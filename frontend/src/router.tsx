import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { healed, parse_search, stringify_search } from "./ui/search_params.ts";
import { Frame } from "./views/frame/Frame.tsx";
import { Broken, NotFound, Waiting } from "./views/frame/Out.tsx";
import { look_ahead } from "./views/run/ahead.ts";
import { run_search } from "./views/run/selection/search.ts";
import { runs_search } from "./views/runs/search.ts";
import { sign_in_search } from "./views/signin/search.ts";

const read = {
  sign_in: healed(sign_in_search),
  runs: healed(runs_search),
  run: healed(run_search),
};

const root = createRootRouteWithContext<{ cache: QueryClient }>()({ notFoundComponent: NotFound });

const sign_in = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: read.sign_in,
  component: lazyRouteComponent(() => import("./views/signin/SignIn.tsx"), "SignIn"),
});

/** Everything below asks who is there first. */
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });

const index = createRoute({
  getParentRoute: () => frame,
  path: "/",
  beforeLoad: ({ search }) => {
    const { link } = search as { link?: string };
    throw link ? redirect({ to: "/sign-in", search: sign_in_search({ link }) }) : redirect({ to: "/runs" });
  },
});

const runs = createRoute({
  getParentRoute: () => frame,
  path: "/runs",
  validateSearch: read.runs,
  component: lazyRouteComponent(() => import("./views/runs/Runs.tsx"), "Runs"),
});

const first_run = createRoute({
  getParentRoute: () => frame,
  path: "/first-run",
  component: lazyRouteComponent(() => import("./views/firstrun/FirstRun.tsx"), "FirstRun"),
});

const tokens = createRoute({
  getParentRoute: () => frame,
  path: "/tokens",
  component: lazyRouteComponent(() => import("./views/tokens/Tokens.tsx"), "Tokens"),
});

const run = createRoute({
  getParentRoute: () => frame,
  path: "/runs/$id",
  validateSearch: read.run,
  beforeLoad: ({ context, params, search, cause, preload }) => {
    if (cause === "enter" && !preload) look_ahead(context.cache, params.id, search);
  },
  component: lazyRouteComponent(() => import("./views/run/RunPage.tsx"), "RunPage"),
});

const job = createRoute({
  getParentRoute: () => run,
  path: "/jobs/$number",
  component: lazyRouteComponent(() => import("./views/run/drawer/JobDrawer.tsx"), "JobDrawer"),
});

export const make_router = (cache: QueryClient, history?: Parameters<typeof createRouter>[0]["history"]) =>
  createRouter({
    context: { cache },
    routeTree: root.addChildren([
      sign_in,
      frame.addChildren([index, runs, first_run, tokens, run.addChildren([job])]),
    ]),
    basepath: new URL(document.baseURI).pathname.replace(/\/+$/, "") || "/",
    history,
    parseSearch: parse_search,
    stringifySearch: stringify_search,
    defaultPreload: "intent",
    defaultPendingComponent: Waiting,
    defaultPendingMs: 200,
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: false,
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof make_router>;
  }
}
