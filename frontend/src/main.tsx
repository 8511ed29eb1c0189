import "./theme/base.css";
import "./ui/ui.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ConfigProvider } from "antd";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { make_cache } from "./api/cache.ts";
import { make_router } from "./router.tsx";
import { antd_theme } from "./theme/antd.ts";
import { useShade } from "./theme/mode.ts";

const cache = make_cache();
const router = make_router(cache);

/** Menus belong to the part of the page that opened them: a screen reader finds them there. */
const inside = (opener?: HTMLElement): HTMLElement =>
  opener?.closest<HTMLElement>("header, main") ?? document.body;

function App() {
  return (
    <ConfigProvider theme={antd_theme(useShade())} wave={{ disabled: true }} getPopupContainer={inside}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ConfigProvider>
  );
}

const element = document.getElementById("root");
if (element) {
  createRoot(element).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
