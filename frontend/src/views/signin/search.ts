import { one_of, text_of, tidy } from "../../ui/search_params.ts";

export interface SignInSearch {
  link?: "used" | "expired";
  next?: string;
}

/** `next` is where to go afterwards: a path of ours, never another site. */
export function sign_in_search(raw: Record<string, unknown>): SignInSearch {
  const next = text_of(raw.next);
  return tidy({
    link: one_of<string>(raw.link, ["used", "expired"], "") as SignInSearch["link"],
    next: next && /^\/(?![/\\])/.test(next) ? next : undefined,
  });
}
