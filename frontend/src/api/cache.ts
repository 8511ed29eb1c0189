import { QueryClient } from "@tanstack/react-query";
import { status_of } from "./client.ts";

export const make_cache = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        gcTime: 300_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
        retryDelay: (times) => Math.min(8000, 500 * 2 ** times),
        // What the server refused it will refuse again; what did not arrive may.
        retry: (times, error) => {
          const status = status_of(error) ?? 500;
          return (status === 0 || status >= 500) && times < 2;
        },
      },
      mutations: { networkMode: "always" },
    },
  });
