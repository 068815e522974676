/** The source partitions of a topology, from what its workers say of them. Pure. */
import type { TopologyGraph } from "../../flow/graph.ts";
import type { PartitionDocument } from "../documents.ts";
import { byLabel, type Sample } from "./samples.ts";

/** A worker, and what it said. */
export interface Said {
  /** `host:pid`. */
  readonly worker: string;
  readonly samples: readonly Sample[];
}

/** A worker that says that a partition is its own. */
interface Claim {
  readonly worker: string;
  /** 0 where its lease is not taken yet, or it does not say. */
  readonly epoch: number;
  readonly figure: (metric: string) => number | undefined;
}

/**
 * Each partition that is declared or claimed, in order. Of several workers that claim one, the highest epoch is the owner: the stores
 * refuse the others.
 */
export const describePartitions = (
  { name: topology, sources }: Pick<TopologyGraph, "name" | "sources">,
  declared: ReadonlyMap<string, number>,
  said: readonly Said[],
): readonly PartitionDocument[] => {
  const claims = Map.groupBy(
    said.flatMap((one) => claimsOf(topology, one)),
    ([partition]) => partition,
  );
  const all = sources.flatMap((topic) => Array.from({ length: declared.get(topic) ?? 0 }, (_, at) => `${topic}/${at}`));
  return [...new Set([...all, ...claims.keys()])].map((name) => {
    const [owner, ...fenced] = (claims.get(name) ?? [])
      .map(([, claim]) => claim)
      .toSorted((one, other) => other.epoch - one.epoch);
    return {
      ...{ name, owner: owner?.worker ?? null, fenced: fenced.map(({ worker }) => worker) },
      epoch: owner === undefined || owner.epoch === 0 ? null : owner.epoch,
      lagRecords: owner?.figure("sluice_lag_records") ?? null,
      lagSeconds: owner?.figure("sluice_lag_seconds") ?? null,
      queuedRecords: owner?.figure("sluice_queued_records") ?? 0,
      inFlightRecords: owner?.figure("sluice_in_flight_records") ?? 0,
      isPaused: owner?.figure("sluice_paused") === 1,
    };
  });
};

const claimsOf = (topology: string, { worker, samples }: Said): readonly (readonly [string, Claim])[] => {
  const figures = new Map<string, ReadonlyMap<string, number>>();
  const figuresOf = (metric: string): ReadonlyMap<string, number> => {
    const known = figures.get(metric) ?? byLabel(samples, metric, "partition", { topology });
    figures.set(metric, known);
    return known;
  };
  return [...figuresOf("sluice_lag_records").keys()].map((partition) => {
    const figure = (metric: string): number | undefined => figuresOf(metric).get(partition);
    return [partition, { worker, epoch: figure("sluice_lease_epoch") ?? 0, figure }];
  });
};
