/**
 * More or fewer partitions than the topology declares would spread a key over two lanes: a worker does not start on such a
 * topic, and ends where one has grown under it. To grow a topic: let the group finish it, stop the workers, then apply.
 */
import { Fatal } from "../errors.ts";
import type { AnyTopic } from "../flow/parts.ts";
import type { Log, LogListener } from "../log/log.ts";

/** Sources as they are declared. */
type Sources = readonly Pick<AnyTopic, "name" | "partitions">[];

/** @throws Fatal (PARTITION_COUNT) @throws Unavailable */
export const refuseOtherPartitionCounts = async (log: Pick<Log, "partitionCount">, sources: Sources): Promise<void> => {
  for (const { name, partitions } of sources) {
    const got = await log.partitionCount(name);
    if (got !== partitions)
      throw new Fatal(
        "PARTITION_COUNT",
        `topic ${name} has ${got} partitions, the topology declares ${partitions}; run: sluice topology apply`,
      );
  }
};

/**
 * The same listener, which takes nothing and fails where a partition is assigned that is not declared. Whoever is given a
 * new partition ends before it reads any of it, and the next one after that: the group halts, member by member, and no
 * record of a new partition overtakes one of an old. Asks the log nothing. A topic that was made anew with fewer is found
 * at start, and by its offsets.
 */
export const refuseGrowth = (sources: Sources, listener: LogListener): LogListener => ({
  ...listener,
  assigned: (partitions) => {
    const grown = sources.find(({ name, partitions: declared }) =>
      partitions.some(({ topic, partition }) => topic === name && partition >= declared),
    );
    if (grown === undefined) return listener.assigned(partitions);
    // What was assigned before is let go of: nothing of it is finished any more.
    listener.assigned([]);
    listener.failed(
      new Fatal(
        "PARTITION_COUNT",
        `topic ${grown.name} has more partitions than the ${grown.partitions} that the topology declares: its keys may be in two places`,
      ),
    );
  },
});
