/** What reprocessing dead letters needs: a cluster, and what remembers replays and discards. */
import type { KafkaAdmin } from "../log/kafka/admin/admin.ts";
import type { Replays } from "./jobs/replays.ts";

/** The part of an admin that is used here. */
export type DlqCluster = Pick<
  KafkaAdmin,
  "clusterId" | "startOffsets" | "endOffsets" | "committedOffsets" | "describeGroup" | "readRanges"
>;

/** Everything that commands about dead letters read. */
export interface DlqPorts {
  readonly cluster: DlqCluster;
  /** Undefined where an application keeps none, or they do not answer: then discards and finished jobs are not known. */
  readonly replays: Replays | undefined;
}

/** A topology, as its letters are read. */
export interface LettersOf {
  readonly topology: string;
  /** Its consumer group. */
  readonly group: string;
}
