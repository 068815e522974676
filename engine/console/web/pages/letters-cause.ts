/** The letters of one cause. */
import type { LetterDocument, LetterListDocument, Viewer } from "../../documents.ts";
import { useAnswer } from "../ask.ts";
import { ago, count } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Link } from "../page.ts";
import { Answered, Panel, Table } from "../parts.ts";
import { Acts } from "./letters-acts.ts";
import { LetterState } from "./letters-state.ts";

/** Its letters, and what may be done about them. */
export const Cause = ({
  topology,
  fingerprint,
  viewer,
}: {
  readonly topology: string;
  readonly fingerprint: string;
  readonly viewer: Viewer;
}): View => {
  const answer = useAnswer<LetterListDocument>(
    `/api/letters/list?${new URLSearchParams({ topology, fingerprint })}`,
    10_000,
  );
  return html`<div>
    <nav class="crumbs" aria-label="Where this is"><${Link} to=${`/letters/${topology}`}>All causes<//><span aria-hidden="true">/</span><code>${fingerprint.slice(0, 8)}</code></nav>
    <${Answered} answer=${answer}>${({ letters, total }: LetterListDocument) => html`<${Panel} title="Letters"
      aside=${letters.length < total ? `the first ${count(letters.length)} of ${count(total)}` : count(total)}>
      <${Table} label="Letters" rows=${letters} keyOf=${({ id, attempt }: LetterDocument) => `${id} ${attempt}`}
        empty="This cause has no letters any more."
        columns=${[
          {
            title: "Record",
            mono: true,
            cell: ({ id }: LetterDocument) => html`<${Link} to=${`/letters/${topology}/record/${id}`}>${id}<//>`,
          },
          { title: "State", cell: ({ state }: LetterDocument) => html`<${LetterState} state=${state} />` },
          { title: "Attempt", right: true, cell: ({ attempt }: LetterDocument) => count(attempt) },
          { title: "Failed at", cell: ({ node }: LetterDocument) => node },
          { title: "Key", mono: true, cell: ({ key }: LetterDocument) => key ?? "null" },
          { title: "Last", right: true, cell: ({ lastAt }: LetterDocument) => ago(lastAt, Date.now()) },
        ]} />
    <//>`}<//>
    <${Acts} topology=${topology} meant=${{ fingerprint }} viewer=${viewer} changed=${answer.again} />
  </div>`;
};
