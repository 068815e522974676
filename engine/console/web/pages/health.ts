/** How well everything is: processes, who has which partition, outboxes, what is verified, and what was done lately. */
import type {
  ClaimDocument,
  LiveDocument,
  OperationDocument,
  OutboxDocument,
  ProcessDocument,
  RepairDocument,
} from "../../documents.ts";
import { useAnswer, useLive } from "../ask.ts";
import { ago, bytes, count, counted, duration, moment } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Partitions } from "./health-partitions.ts";
import { Answered, Code, Panel, Pill, Stat, Table, type Tone, Waiting } from "../parts.ts";

/** The page. */
export const HealthPage = (): View => {
  const { document } = useLive();
  if (document === undefined) return Waiting({ what: "Looking at what runs" });
  return html`<div>
    <h1>Health</h1>
    <${Processes} processes=${document.processes} />
    <${Verified} verify=${document.verify} at=${document.at} />
    <${Repairs} repairs=${document.repairs} at=${document.at} />
    <${Outboxes} outboxes=${document.outboxes} />
    ${document.topologies.map((topology) => html`<${Partitions} key=${topology.name} topology=${topology} />`)}
    ${document.figures.length === 0 ? null : html`<${Figures} figures=${document.figures} />`}
    <${Operations} at=${document.at} />
  </div>`;
};

const tones: Readonly<Record<ProcessDocument["state"], Tone>> = {
  ready: "good",
  degraded: "warn",
  unready: "bad",
  unreachable: "warn",
  silent: "bad",
};

const Processes = ({ processes }: { readonly processes: readonly ProcessDocument[] }): View => {
  const ready = processes.filter(({ state }) => state === "ready").length;
  return html`<${Panel} title="Processes" aside=${`${count(ready)} of ${count(processes.length)} ready`}>
    <${Table} label="Processes" rows=${processes} keyOf=${({ id }: ProcessDocument) => id}
      empty="No process is known here."
      columns=${[
        { title: "State", cell: ({ state }: ProcessDocument) => html`<${Pill} tone=${tones[state]}>${state}<//>` },
        {
          title: "Process",
          cell: ({ kind, subject, why }: ProcessDocument) => html`<div>
            <span>${kind}${subject === null ? "" : ` ${subject}`}</span>
            ${why.map((text) => html`<p class="why">${text}</p>`)}
          </div>`,
        },
        { title: "Host", mono: true, cell: ({ host, pid }: ProcessDocument) => `${host}:${pid}` },
        { title: "Graph", mono: true, cell: ({ hash }: ProcessDocument) => hash ?? "-" },
        {
          title: "Partitions",
          right: true,
          cell: ({ kind, partitions }: ProcessDocument) => (kind === "worker" ? count(partitions.length) : "-"),
        },
        {
          title: "Memory",
          right: true,
          cell: ({ memoryBytes }: ProcessDocument) => (memoryBytes === null ? "-" : bytes(memoryBytes)),
        },
        { title: "Up", right: true, cell: ({ upMs }: ProcessDocument) => duration(upMs) },
        { title: "Heard of", right: true, cell: ({ silentMs }: ProcessDocument) => `${duration(silentMs)} ago` },
      ]} />
  <//>`;
};

const Verified = ({ verify, at }: { readonly verify: LiveDocument["verify"]; readonly at: number }): View => {
  const title = "What must hold";
  if (verify === null)
    return html`<${Panel} title=${title}><p class="empty">Nothing verifies all the time. Start it: <code>sluice verify --watch</code></p><//>`;
  const broken = verify.claims.filter(({ violations }) => violations > 0);
  const aside = verify.lastLookAt === null ? "not looked at yet" : `looked at ${ago(verify.lastLookAt, at)}`;
  return html`<${Panel} title=${title} aside=${aside}>
    <p>${
      verify.claims.length === 0
        ? "The first look has not ended."
        : broken.length === 0
          ? html`<${Pill} tone="good">all hold<//> ${counted(verify.claims.length, "claim")}, and nothing breaks one.`
          : html`<${Pill} tone="bad">${counted(broken.length, "claim")} broken<//>`
    }</p>
    ${broken.length === 0 ? null : html`<${Claims} label="Broken claims" claims=${broken} />`}
    ${
      verify.claims.length === broken.length
        ? null
        : html`<details><summary>${counted(verify.claims.length - broken.length, "claim")} that nothing breaks</summary>
            <${Claims} label="Claims" claims=${verify.claims.filter(({ violations }) => violations === 0)} /></details>`
    }
  <//>`;
};

const Claims = ({ label, claims }: { readonly label: string; readonly claims: readonly ClaimDocument[] }): View =>
  html`<${Table} label=${label} rows=${claims} empty="" keyOf=${({ claim }: ClaimDocument) => claim}
    columns=${[
      { title: "Claim", cell: ({ claim }: ClaimDocument) => claim },
      {
        title: "Broken by",
        right: true,
        cell: ({ violations }: ClaimDocument) =>
          violations === 0 ? html`<span class="pale">0</span>` : html`<${Pill} tone="bad">${count(violations)}<//>`,
      },
    ]} />`;

const Repairs = ({ repairs, at }: { readonly repairs: readonly RepairDocument[]; readonly at: number }): View =>
  html`<${Panel} title="What was set right lately" aside="as far as the processes that run remember">
    <${Table} label="Repairs" rows=${repairs} keyOf=${({ atMs, what, by }: RepairDocument) => `${atMs} ${what} ${by}`}
      empty="Nothing had to be repaired."
      columns=${[
        { title: "When", cell: ({ atMs }: RepairDocument) => html`<${Ago} atMs=${atMs} now=${at} />` },
        { title: "What", mono: true, cell: ({ what }: RepairDocument) => what },
        { title: "It was", cell: ({ before }: RepairDocument) => before },
        { title: "It is", cell: ({ after }: RepairDocument) => after },
        { title: "By", mono: true, cell: ({ by }: RepairDocument) => by },
      ]} />
  <//>`;

const Ago = ({ atMs, now }: { readonly atMs: number; readonly now: number }): View =>
  html`<time dateTime=${new Date(atMs).toISOString()} title=${moment(atMs)}>${ago(atMs, now)}</time>`;

const Outboxes = ({ outboxes }: { readonly outboxes: readonly OutboxDocument[] }): View =>
  outboxes.length === 0
    ? null
    : html`<${Panel} title="Outboxes">
        <${Table} label="Outboxes" rows=${outboxes} keyOf=${({ name }: OutboxDocument) => name} empty=""
          columns=${[
            { title: "Outbox", cell: ({ name }: OutboxDocument) => name },
            {
              title: "Leader",
              mono: true,
              cell: leaderOf,
            },
            { title: "Relays", right: true, cell: ({ relays }: OutboxDocument) => count(relays) },
            { title: "To publish", right: true, cell: ({ lagRows }: OutboxDocument) => count(lagRows) },
            { title: "Oldest", right: true, cell: ({ lagSeconds }: OutboxDocument) => duration(lagSeconds * 1_000) },
            { title: "Set aside", right: true, cell: ({ setAsideRows }: OutboxDocument) => count(setAsideRows) },
          ]} />
      <//>`;

const leaderOf = ({ leader, relays }: OutboxDocument): View | string =>
  leader ?? html`<${Pill} tone=${relays === 0 ? "quiet" : "bad"}>${relays === 0 ? "no relay runs" : "none leads"}<//>`;

const Figures = ({ figures }: { readonly figures: LiveDocument["figures"] }): View =>
  html`<${Panel} title="Of this application">
    <dl class="stats">${figures.map(({ title, text }) => html`<${Stat} key=${title} name=${title}>${text ?? "-"}<//>`)}</dl>
  <//>`;

const Operations = ({ at }: { readonly at: number }): View => {
  const answer = useAnswer<readonly OperationDocument[]>("/api/operations", 10_000);
  return html`<${Panel} title="What was done lately">
    <${Answered} answer=${answer}>${(
      operations: readonly OperationDocument[],
    ) => html`<${Table} label="Operations" rows=${operations}
      keyOf=${({ number }: OperationDocument) => String(number)} empty="Nothing was done yet."
      columns=${[
        {
          title: "When",
          cell: ({ startedAt }: OperationDocument) => html`<${Ago} atMs=${startedAt} now=${at} />`,
        },
        {
          title: "Who",
          cell: ({ actor, host }: OperationDocument) =>
            html`<span>${actor} <span class="pale">on ${host}</span></span>`,
        },
        { title: "What", cell: ({ verb }: OperationDocument) => html`<code>${verb}</code>` },
        {
          title: "Result",
          cell: ({ result, endedAt }: OperationDocument) =>
            (result !== null && /^[A-Z][A-Z_]+$/.test(result) ? html`<${Code} code=${result} />` : result) ??
            (endedAt === null ? html`<${Pill} tone="warn">not ended<//>` : ""),
        },
        { title: "Why", cell: ({ reason }: OperationDocument) => reason ?? "" },
      ]} />`}<//>
  <//>`;
};
