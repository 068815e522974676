/** What runs now: every topology with its figures, and one of them drawn. */
import { useMemo } from "preact/hooks";
import type {
  DrawingDocument,
  HistoryDocument,
  HoldDocument,
  LiveDocument,
  TopologyDocument,
} from "../../documents.ts";
import { useAnswer, useLive } from "../ask.ts";
import { Chart } from "../chart.ts";
import { Drawing, longest } from "../drawing.ts";
import { counted, count, duration, perSecond } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Link, type PageProps } from "../page.ts";
import { Answered, Code, Panel, Pill, Stat, Table, Waiting } from "../parts.ts";

/** The page; `rest` names the topology that is drawn. */
export const LivePage = ({ rest: [wanted] }: PageProps): View => {
  const { document } = useLive();
  if (document === undefined) return Waiting({ what: "Looking at what runs" });
  const shown = document.topologies.find(({ name }) => name === wanted) ?? document.topologies[0];
  return html`<div>
    <h1>Live</h1>
    <${Overview} document=${document} shown=${shown?.name} />
    ${shown === undefined ? null : html`<${Shown} topology=${shown} />`}
  </div>`;
};

const Overview = ({ document, shown }: { readonly document: LiveDocument; readonly shown: string | undefined }): View =>
  html`<${Panel} title="Topologies">
    <${Table} label="Topologies" rows=${document.topologies} keyOf=${({ name }: TopologyDocument) => name}
      empty="This application declares no topology."
      columns=${[
        {
          title: "Topology",
          cell: ({ name }: TopologyDocument) =>
            html`<${Link} to=${`/live/${name}`} aria-current=${name === shown ? "true" : undefined}>${name}<//>`,
        },
        { title: "Workers", cell: workersOf },
        {
          title: "Records",
          right: true,
          cell: ({ recordsPerSecond }: TopologyDocument) => perSecond(recordsPerSecond),
        },
        { title: "Lag", right: true, cell: (topology: TopologyDocument) => recordsText(lagOf(topology).records) },
        {
          title: "Oldest",
          right: true,
          cell: (topology: TopologyDocument) => secondsText(lagOf(topology).seconds),
        },
        { title: "In flight", right: true, cell: ({ inFlightRecords }: TopologyDocument) => count(inFlightRecords) },
        { title: "Waits for", cell: waitsOf },
        { title: "Dead letters", right: true, cell: lettersOf },
      ]} />
  <//>`;

const workersOf = ({ workers, hashes, deployed }: TopologyDocument): View => {
  if (workers === 0) return html`<${Pill} tone="quiet">none<//>`;
  const others = Object.keys(hashes).filter((hash) => deployed !== null && hash !== deployed);
  return html`<span>${count(workers)} ${others.length === 0 ? null : html`<${Pill} tone="warn">${Object.keys(hashes).length} graphs<//>`}</span>`;
};

/** Over all sources; null where it is known of none. */
const lagOf = ({ sources }: TopologyDocument): { readonly records: number | null; readonly seconds: number | null } => {
  const all = Object.values(sources);
  const records = all.flatMap(({ lagRecords }) => lagRecords ?? []);
  const seconds = all.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  return {
    records: records.length === 0 ? null : records.reduce((sum, one) => sum + one, 0),
    seconds: seconds.length === 0 ? null : Math.max(...seconds),
  };
};

const recordsText = (records: number | null): string => (records === null ? "-" : count(records));
const secondsText = (seconds: number | null): string => (seconds === null ? "-" : duration(seconds * 1_000));

const waitsOf = ({ holds }: TopologyDocument): View => {
  const first = longest(holds);
  if (first === undefined) return html`<span class="pale">nothing</span>`;
  return html`<${Pill} tone="bad">${first.who ?? first.code}, ${duration(first.forMs)}<//>`;
};

const lettersOf = ({ name, letters, undecidedLetters, deadLettersPerSecond }: TopologyDocument): View | string => {
  if (deadLettersPerSecond > 0) return html`<${Pill} tone="bad">${perSecond(deadLettersPerSecond)}<//>`;
  if (undecidedLetters !== null) return html`<${Link} to=${`/letters/${name}`}>${count(undecidedLetters)} open<//>`;
  // What became of them is on their page: here only the log was asked.
  return letters === null ? "-" : html`<${Link} to=${`/letters/${name}`}>${count(letters)} in all<//>`;
};

const Shown = ({ topology }: { readonly topology: TopologyDocument }): View => {
  const drawing = useAnswer<DrawingDocument>(`/api/drawing?topology=${encodeURIComponent(topology.name)}`);
  const hashes = Object.entries(topology.hashes);
  const aside = html`<span>
    ${topology.deployed === null ? "not deployed" : html`deployed <code>${topology.deployed}</code>`}
    ${hashes.map(([hash, workers]) => html`, ${counted(workers, "worker")} on <code>${hash}</code>`)}
  </span>`;
  return html`<${Panel} title=${topology.name} aside=${aside}>
    <dl class="stats">
      <${Stat} name="Records">${perSecond(topology.recordsPerSecond)}<//>
      <${Stat} name="In flight">${count(topology.inFlightRecords)}<//>
      <${Stat} name="Queued">${count(topology.queuedRecords)}<//>
      <${Stat} name="Lag">${recordsText(lagOf(topology).records)}<//>
      <${Stat} name="Oldest">${secondsText(lagOf(topology).seconds)}<//>
      <${Stat} name="Paused partitions">${count(topology.pausedPartitions)}<//>
    </dl>
    <${Holds} holds=${topology.holds} />
    <${Answered} answer=${drawing}>${(document: DrawingDocument) => html`<${Drawing} drawing=${document} now=${topology} />`}<//>
    <${History} name=${topology.name} />
  <//>`;
};

const Holds = ({ holds }: { readonly holds: readonly HoldDocument[] }): View =>
  holds.length === 0
    ? null
    : html`<ul class="holds">${holds.map(
        ({ call, calls, who, code, message, forMs }) =>
          html`<li key=${`${call} ${code}`}><${Pill} tone="bad">waits ${duration(forMs)}<//>
            <span>${counted(calls, "call")} of <code>${call}</code> for ${who ?? code}: <span class="pale">${message}</span> <${Code} code=${code} /></span></li>`,
      )}</ul>`;

/** What the server remembers, asked for now and then. */
const History = ({ name }: { readonly name: string }): View => {
  const answer = useAnswer<HistoryDocument>("/api/history", 2_000);
  const history = answer.kind === "answered" ? answer.document : undefined;
  const series = useMemo(
    () => ({
      at: history?.at ?? [],
      rate: history?.recordsPerSecond[name] ?? [],
      lag: history?.lagRecords[name] ?? [],
    }),
    [history, name],
  );
  return html`<div class="charts">
    <${Chart} label="Records a second" at=${series.at} values=${series.rate} />
    <${Chart} label="Lag, records" at=${series.at} values=${series.lag} />
  </div>`;
};
