/** What pages are made of: tables, states, and what is shown where there is nothing to show. */
import type { FailureDocument } from "../documents.ts";
import type { Answer } from "./ask.ts";
import { type ComponentChildren, html, type View } from "./html.ts";
import { Link } from "./page.ts";

/** How well something is. */
export type Tone = "good" | "warn" | "bad" | "quiet" | "info";

/** A word that says how something is, with a colour that says it again. */
export const Pill = ({ tone, children }: { readonly tone: Tone; readonly children?: ComponentChildren }): View =>
  html`<span class=${`pill ${tone}`}>${children}</span>`;

/** A part of a page, under a heading. */
export const Panel = ({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children?: ComponentChildren;
}): View => html`<section class="panel">
  <header><h2>${title}</h2>${aside === undefined ? null : html`<div class="aside">${aside}</div>`}</header>
  ${children}
</section>`;

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand under each other at the right. */
  readonly right?: boolean;
  /** Of ids and hashes. */
  readonly mono?: boolean;
}

/** A table that scrolls within its place where it is wider. */
export const Table = <Row>({
  label,
  columns,
  rows,
  keyOf,
  empty,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** What is said where there is no row. */
  readonly empty: ComponentChildren;
}): View => {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const look = ({ right, mono }: Column<Row>): string => [right ? "right" : "", mono ? "mono" : ""].join(" ").trim();
  // A place that scrolls is reached by the keyboard too.
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.right ? "right" : ""}>${column.title}</th>`)}</tr></thead>
      <tbody>${rows.map(
        (row) =>
          html`<tr key=${keyOf(row)}>${columns.map((column) => html`<td class=${look(column)}>${column.cell(row)}</td>`)}</tr>`,
      )}</tbody>
    </table>
  </div>`;
};

/** An error code, which leads to what it means. */
export const Code = ({ code }: { readonly code: string }): View =>
  html`<${Link} to=${`/codes/${encodeURIComponent(code)}`}><code>${code}</code><//>`;

/** Something that failed: what, and what to do. */
export const Failure = ({
  failure,
  isLoggedOut = false,
  children,
}: {
  readonly failure: FailureDocument;
  /** Whoever is not logged in sees no other page, so nothing leads there. */
  readonly isLoggedOut?: boolean;
  readonly children?: ComponentChildren;
}): View =>
  html`<div class="failure" role="alert">
    <p><strong>${sentence(failure.message)}</strong></p>
    ${failure.fix === null ? null : html`<p>${lines(failure.fix)}</p>`}
    <p class="code">${isLoggedOut ? failure.code : html`<${Code} code=${failure.code} />`}</p>
    ${children}
  </div>`;

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Lines of text; a next command stands as code. */
const lines = (text: string): ComponentChildren =>
  text.split("\n").map((line) => {
    const command = /^Next: (.*)$/.exec(line)?.[1];
    return html`<span class="line">${command === undefined ? line : html`Next: <code>${command}</code>`}</span>`;
  });

/** What came of a question: its document, why there is none, or that it is waited for. */
export const Answered = <T>({
  answer,
  children,
}: {
  readonly answer: Answer<T>;
  readonly children: (document: T) => View;
}): View => {
  if (answer.kind === "waiting") return Waiting({});
  if (answer.kind === "failed") return Failure({ failure: answer.error.failure });
  return children(answer.document);
};

/** Something is being read. */
export const Waiting = ({ what = "Reading" }: { readonly what?: string }): View =>
  html`<p class="empty waiting" role="status">${what}…</p>`;

/** One figure with its name. */
export const Stat = ({
  name,
  children,
  tone,
}: {
  readonly name: string;
  readonly children?: ComponentChildren;
  readonly tone?: Tone;
}): View => html`<div class="stat"><dt>${name}</dt><dd class=${tone ?? ""}>${children}</dd></div>`;
