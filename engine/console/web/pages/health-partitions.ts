/** The source partitions of a topology: which worker has the lease of each, and how far it is. */
import type { PartitionDocument, TopologyDocument } from "../../documents.ts";
import { count, counted, duration } from "../formats.ts";
import { html, type View } from "../html.ts";
import { Panel, Pill, Table } from "../parts.ts";

/** The panel. */
export const Partitions = ({ topology }: { readonly topology: TopologyDocument }): View => {
  const { name, partitions } = topology;
  const nobodys = partitions.filter(({ owner }) => owner === null).length;
  const aside = `${counted(partitions.length, "partition")}${nobodys === 0 ? "" : `, ${count(nobodys)} without an owner`}`;
  return html`<${Panel} title=${`Who has the partitions of ${name}`} aside=${aside}>
    <${Table} label=${`Partitions of ${name}`} rows=${partitions} keyOf=${(of: PartitionDocument) => of.name} empty="It reads no topic."
      columns=${[
        { title: "Partition", mono: true, cell: (of: PartitionDocument) => of.name },
        { title: "Owner", mono: true, cell: ownerOf },
        { title: "Epoch", right: true, cell: ({ epoch }: PartitionDocument) => (epoch === null ? "-" : count(epoch)) },
        {
          title: "Waiting",
          right: true,
          cell: ({ lagRecords }: PartitionDocument) => (lagRecords === null ? "-" : count(lagRecords)),
        },
        {
          title: "Oldest",
          right: true,
          cell: ({ lagSeconds }: PartitionDocument) => (lagSeconds === null ? "-" : duration(lagSeconds * 1_000)),
        },
        { title: "Queued", right: true, cell: ({ queuedRecords }: PartitionDocument) => count(queuedRecords) },
        { title: "In flight", right: true, cell: ({ inFlightRecords }: PartitionDocument) => count(inFlightRecords) },
        {
          title: "Fetches",
          cell: ({ owner, isPaused }: PartitionDocument) =>
            owner === null ? "-" : isPaused ? html`<${Pill} tone="warn">paused: full<//>` : "yes",
        },
      ]} />
  <//>`;
};

const ownerOf = ({ owner, fenced }: PartitionDocument): View =>
  owner === null
    ? html`<${Pill} tone="warn">none that answers<//>`
    : html`<div>${owner}${fenced.map((other) => html`<p class="why" key=${other}>${other} has an older lease, and is refused</p>`)}</div>`;
