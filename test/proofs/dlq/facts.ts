/** What a proof of replays reads at its end: states of letters, records of retry topics, and effects. */
import type { LetterState } from "../../../engine/dlq/letters/state.ts";
import { retryOf } from "../../../engine/dlq/letters/state.ts";
import { originKey } from "../../../engine/dlq/letters/letter.ts";
import type { KafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { retryTopic } from "../../../engine/worker/round/retry-record.ts";
import { type TopologyName, topologies } from "./kinds.ts";
import { sluice } from "../../../dev/run-sluice.ts";

interface Listed {
  readonly id: string;
  readonly state: LetterState;
  readonly attempt: number;
}

/** States of the attempts of each record, by its id: as `sluice dlq list` says. */
export const readStates = async (
  env: Readonly<Record<string, string>>,
  topology: TopologyName,
): Promise<ReadonlyMap<string, readonly LetterState[]>> => {
  const { document, stderr } = await sluice(env, "dlq", "list", "--topology", topology, "--state", "all");
  if (document === undefined) throw new Error(`no list of ${topology}: ${stderr}`);
  const listed = document.data as readonly Listed[]; // Of `dlq list`.
  const byId = Map.groupBy(listed, ({ id }) => id);
  return new Map(
    [...byId].map(([id, all]) => [id, all.toSorted((a, b) => a.attempt - b.attempt).map(({ state }) => state)]),
  );
};

/** Retry records of all topologies. */
export interface Retries {
  readonly records: number;
  /** Beside the first of an attempt. */
  readonly copies: number;
}

/** Reads the retry topics themselves. */
export const readRetries = async (admin: KafkaAdmin): Promise<Retries> => {
  const seen = new Set<string>();
  let records = 0;
  for (const topology of topologies) {
    const topic = retryTopic(topology);
    await admin.readTopic(topic, async (partition, some) => {
      for (const record of some) {
        const retry = retryOf({ topic, partition }, record);
        records += 1;
        seen.add(retry === undefined ? `${record.offset}` : `${topology} ${originKey(retry.origin)} ${retry.attempt}`);
      }
    });
  }
  return { records, copies: records - seen.size };
};

/** Records of a topic. */
export const recordsOf = async (admin: KafkaAdmin, topic: string): Promise<number> =>
  (await admin.endOffsets(topic)).reduce((sum, end) => sum + Number(end), 0);

interface VerifiedSubject {
  readonly checks: readonly {
    readonly claim: string;
    readonly broken: number;
    readonly pending: number;
    readonly examples: readonly string[];
  }[];
}

/** What `sluice verify` found broken or pending, in words, from its document. */
export const brokenOf = (data: unknown): readonly string[] =>
  Object.values((data ?? {}) as Readonly<Record<string, VerifiedSubject>>) // Of `verify`.
    .flatMap(({ checks }) => checks)
    .filter(({ broken, pending }) => broken + pending > 0)
    .map(
      ({ claim, broken, pending, examples }) => `${claim}: ${broken} broken, ${pending} pending ${examples.join("; ")}`,
    );
