/** Dead letters by cause, the replays of them, and one cause or record with what may be done about it. */
import type { LetterGroupDocument, LettersDocument, Viewer } from "../../documents.ts";
import { useAnswer, useLive } from "../ask.ts";
import { ago, count, counted } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Link, type PageProps } from "../page.ts";
import { Answered, Code, Panel, Pill, Table } from "../parts.ts";
import { Cause } from "./letters-cause.ts";
import { Jobs } from "./letters-jobs.ts";
import { LetterRecord } from "./letters-record.ts";

/** The address of a cause's letters. */
const causePath = (topology: string, fingerprint: string): string =>
  `/letters/${topology}/cause/${encodeURIComponent(fingerprint)}`;

/** The page: `/letters/<topology>`, and below it `cause/<fingerprint>` or `record/<topic>/<partition>/<offset>`. */
export const LettersPage = ({ rest, viewer }: PageProps): View => {
  const { document: live } = useLive();
  const [wanted, ...below] = rest;
  const topologies = live?.topologies.map(({ name }) => name) ?? [];
  const topology = wanted ?? topologies[0];
  return html`<div>
    <h1>Dead letters</h1>
    <nav class="tabs" aria-label="Topologies">${topologies.map(
      (name) =>
        html`<${Link} key=${name} to=${`/letters/${name}`} aria-current=${name === topology ? "true" : undefined}>${name}<//>`,
    )}</nav>
    ${topology === undefined ? null : shownOf(topology, below, viewer)}
  </div>`;
};

/** What of a topology an address means: its causes, where it means neither one of them nor a record. */
const shownOf = (topology: string, [kind, ...of]: readonly string[], viewer: Viewer): View => {
  const [fingerprint] = of;
  if (kind === "cause" && fingerprint !== undefined)
    return html`<${Cause} key=${fingerprint} topology=${topology} fingerprint=${fingerprint} viewer=${viewer} />`;
  const id = of.join("/");
  if (kind === "record") return html`<${LetterRecord} key=${id} topology=${topology} id=${id} viewer=${viewer} />`;
  return html`<${Causes} key=${topology} topology=${topology} viewer=${viewer} />`;
};

const Causes = ({ topology, viewer }: { readonly topology: string; readonly viewer: Viewer }): View => {
  const answer = useAnswer<LettersDocument>(`/api/letters?${new URLSearchParams({ topology })}`, 5_000);
  return html`<${Answered} answer=${answer}>${({ groups, jobs, warnings }: LettersDocument) => html`<div>
    ${warnings.map((text) => html`<p class="banner warn" key=${text}>${text}</p>`)}
    <${Panel} title="By cause" aside=${asideOf(groups)}>
      <${Table} label="Dead letters by cause" rows=${groups} keyOf=${({ fingerprint }: LetterGroupDocument) => fingerprint}
        empty="No record was set aside. That is how it should be."
        columns=${[
          {
            title: "Cause",
            mono: true,
            cell: ({ fingerprint }: LetterGroupDocument) =>
              html`<${Link} to=${causePath(topology, fingerprint)}>${fingerprint.slice(0, 8)}<//>`,
          },
          { title: "Failed at", cell: ({ node }: LetterGroupDocument) => node },
          { title: "Code", cell: ({ code }: LetterGroupDocument) => html`<${Code} code=${code} />` },
          { title: "Open", right: true, cell: openOf },
          { title: "Pending", right: true, cell: ({ pending }: LetterGroupDocument) => count(pending) },
          { title: "All", right: true, cell: ({ letters }: LetterGroupDocument) => count(letters) },
          { title: "Readable", right: true, cell: readableOf },
          { title: "First", right: true, cell: ({ firstAt }: LetterGroupDocument) => ago(firstAt, Date.now()) },
          { title: "Last", right: true, cell: ({ lastAt }: LetterGroupDocument) => ago(lastAt, Date.now()) },
        ]} />
    <//>
    <${Jobs} topology=${topology} jobs=${jobs} viewer=${viewer} changed=${answer.again} />
  </div>`}<//>`;
};

const asideOf = (groups: readonly LetterGroupDocument[]): string => {
  const open = groups.reduce((sum, one) => sum + one.open, 0);
  return groups.length === 0 ? "" : `${counted(groups.length, "cause")}, ${count(open)} open`;
};

const openOf = ({ open }: LetterGroupDocument): View | string =>
  open === 0 ? "0" : html`<${Pill} tone="warn">${count(open)}<//>`;

const readableOf = ({ readable }: LetterGroupDocument): string =>
  readable === null ? "-" : `${count(readable.yes)} of ${count(readable.of)}`;
