/** What a page is to the console, and how pages lead to each other. */
import { type ComponentChildren, html, type View } from "./html.ts";
import type { Viewer } from "../documents.ts";

/** What a page is shown with. */
export interface PageProps {
  /** What of the address is behind the page's own name, decoded, part by part. */
  readonly rest: readonly string[];
  readonly viewer: Viewer;
}

/** A page. */
export type Page = (props: PageProps) => View;

/** Told of every step to another address. */
export const steps = new Set<() => void>();

/** Goes to an address of this console. */
export const go = (path: string): void => {
  history.pushState(null, "", path);
  scrollTo(0, 0);
  for (const told of steps) told();
};

/** A link within the console; whatever opens it elsewhere (a middle click, a key beside it) is the browser's. */
export const Link = ({
  to,
  children,
  ...rest
}: {
  readonly to: string;
  readonly children?: ComponentChildren;
  readonly [attribute: string]: unknown;
}): View => {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
};
