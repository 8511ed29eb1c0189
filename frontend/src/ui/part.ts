import { type ComponentType, lazy } from "react";

const key = "flowo.reloaded";
const again_ms = 60_000;

async function server_answers() {
  for (;;) {
    const response = await fetch(new URL("healthz", document.baseURI), { cache: "no-store" }).catch(
      () => null,
    );
    if (response?.ok) return;
    await new Promise((done) => setTimeout(done, 2000));
  }
}

/**
 * A part of a page that is fetched when it is first shown. Where it cannot be had, the server is away, or another version
 * took its place: the page is loaded anew as soon as it answers. All that was chosen is in the URL.
 */
export const part = <P extends object>(load: () => Promise<ComponentType<P>>) =>
  lazy(async () => {
    try {
      return { default: await load() };
    } catch (error) {
      if (Date.now() - Number(sessionStorage.getItem(key)) < again_ms) throw error;
      await server_answers();
      sessionStorage.setItem(key, String(Date.now()));
      window.location.reload();
      return new Promise<never>(() => {});
    }
  });
