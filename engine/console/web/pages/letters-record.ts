/** One record that was set aside: every attempt, what it says beside its bytes, and what may be done about it. */
import type { AttemptDocument, Viewer } from "../../documents.ts";
import { useAnswer } from "../ask.ts";
import { ago, count, counted, moment } from "../formats.ts";
import { type ComponentChildren, html, type View } from "../html.ts";
import { Link } from "../page.ts";
import { Answered, Code, Panel } from "../parts.ts";
import { Acts } from "./letters-acts.ts";
import { LetterState } from "./letters-state.ts";

/** Its attempts, latest first. */
export const LetterRecord = ({
  topology,
  id,
  viewer,
}: {
  readonly topology: string;
  readonly id: string;
  readonly viewer: Viewer;
}): View => {
  const answer = useAnswer<readonly AttemptDocument[]>(`/api/letters/show?${new URLSearchParams({ topology, id })}`);
  return html`<div>
    <nav class="crumbs" aria-label="Where this is"><${Link} to=${`/letters/${topology}`}>All causes<//><span aria-hidden="true">/</span><code>${id}</code></nav>
    <${Answered} answer=${answer}>${(attempts: readonly AttemptDocument[]) => html`<div>
      ${attempts.toReversed().map((attempt) => html`<${Attempt} key=${attempt.attempt} attempt=${attempt} />`)}
      <${Neighbours} topology=${topology} of=${attempts[0]?.neighbours ?? []} />
    </div>`}<//>
    <${Acts} topology=${topology} meant=${{ id }} viewer=${viewer} changed=${answer.again} />
  </div>`;
};

const Attempt = ({ attempt: one }: { readonly attempt: AttemptDocument }): View => {
  const fields: readonly (readonly [string, ComponentChildren])[] = [
    ["Failed at", html`<span>${one.node} <span class="pale">(${one.stage === "" ? "?" : one.stage})</span></span>`],
    ["Error", html`<span><${Code} code=${one.code} /> ${one.errorClass}, ${one.kind}</span>`],
    ["Message", one.message],
    ["First", `${moment(one.firstAt)}, ${ago(one.firstAt, Date.now())}`],
    ["Last", `${moment(one.lastAt)}, ${ago(one.lastAt, Date.now())}`],
    ["Key", html`<code>${one.key ?? "null"}</code>`],
    ["Graph", html`<code>${one.graph.slice(0, 8)}</code>`],
    ...Object.entries(one.headers).map(
      ([name, values]) =>
        [`Header ${name}`, html`<code>${values.map((value) => value ?? "null").join(", ")}</code>`] as const,
    ),
  ];
  return html`<${Panel} title=${`Attempt ${one.attempt}`} aside=${html`<${LetterState} state=${one.state} />`}>
    <dl class="fields">${fields.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <${Value} value=${one.value} />
    ${one.stack === "" ? null : html`<details><summary>Stack</summary><pre class="block" tabindex="0">${one.stack}</pre></details>`}
  <//>`;
};

const withoutBytes = {
  null: "Its value is null.",
  gone: "The letter is not there any more.",
  dropped: "The value is not in the letter, which was too large, and its origin does not have it any more.",
} as const;

const Value = ({ value }: { readonly value: AttemptDocument["value"] }): View => {
  if (value.kind !== "decoded" && value.kind !== "bytes") return html`<p>${withoutBytes[value.kind]}</p>`;
  return html`<div class="beside">
    <div><h3>Value</h3>${
      value.kind === "decoded"
        ? html`<pre class="block" tabindex="0">${JSON.stringify(value.value, null, 2)}</pre>`
        : html`<p>It cannot be read: ${value.why}</p>`
    }</div>
    <div><h3>Bytes, ${count(value.sizeBytes)}</h3><pre class="block" tabindex="0">${hexDump(value.hex)}</pre></div>
  </div>`;
};

/** Sixteen bytes a line: offset, hex, and what of it is ASCII. */
const hexDump = (hex: string): string =>
  (hex.match(/.{1,32}/g) ?? [])
    .map((line, at) => {
      const pairs = line.match(/../g) ?? [];
      const text = pairs.map((pair) => printable(Number.parseInt(pair, 16))).join("");
      return `${(at * 16).toString(16).padStart(4, "0")}  ${pairs.join(" ").padEnd(47)}  ${text}`;
    })
    .join("\n");

const printable = (byte: number): string => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".");

const Neighbours = ({
  topology,
  of,
}: {
  readonly topology: string;
  readonly of: AttemptDocument["neighbours"];
}): View =>
  of.length === 0
    ? null
    : html`<${Panel} title="Of the same key" aside=${counted(of.length, "further letter")}>
        <ul class="sentences">${of
          .slice(0, 20)
          .map(
            ({ id, state }) =>
              html`<li key=${id}><${LetterState} state=${state} /><${Link} to=${`/letters/${topology}/record/${id}`} class="mono">${id}<//></li>`,
          )}</ul>
      <//>`;
