/** The topic settings that what is promised rests on: the value that is declared for each, and the reason. */

/** A setting with the reason why it is declared. */
export interface DeclaredSetting {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

/** Records are kept this long unless a topic says otherwise, ms: workers may be away for that long and lose nothing. */
export const defaultRetentionMs = 30 * 86_400_000;

const promised: readonly DeclaredSetting[] = [
  {
    name: "message.timestamp.type",
    value: "LogAppendTime",
    reason: "acceptance times are the broker's clock; with CreateTime a client's clock decides when a sale opens",
  },
  {
    name: "cleanup.policy",
    value: "delete",
    reason: "compaction removes accepted records that share a key before they are read",
  },
  {
    name: "retention.ms",
    value: String(defaultRetentionMs),
    reason: "records that nobody read for that long are lost",
  },
  { name: "retention.bytes", value: "-1", reason: "a limit by size removes records before their time" },
  {
    name: "compression.type",
    value: "producer",
    reason: "batches are kept as producers send them; the brokers would compress each of them again",
  },
  {
    name: "unclean.leader.election.enable",
    value: "false",
    reason: "an unclean election loses acknowledged records",
  },
  // min.insync.replicas is not among them: it depends on how many brokers there are, and 2 with one broker stops every
  // write. A topic's own `config` may declare it.
  // Kafka's default, declared because a smaller one makes records poison that the API has accepted until then.
  { name: "max.message.bytes", value: "1048588", reason: "a batch of records that were accepted has to fit" },
];

const forLetters: Readonly<Record<string, Pick<DeclaredSetting, "value" | "reason">>> = {
  "retention.ms": { value: "-1", reason: "a dead letter is kept until somebody decides about it" },
  "max.message.bytes": {
    value: "2097152",
    reason: "a dead letter is a record of any size with headers beside it",
  },
};

/** Declared for every topic; a topic's own `settings` come before them. */
export const topicSettings: Readonly<Record<string, string>> = Object.fromEntries(
  promised.map(({ name, value }) => [name, value]),
);

/** Declared for dead-letter topics. */
export const deadLetterSettings: Readonly<Record<string, string>> = Object.fromEntries(
  promised.map(({ name, value }) => [name, forLetters[name]?.value ?? value]),
);

/** Why a setting is declared; undefined for one that a topic declares by itself. */
export const reasonFor = (setting: string): string | undefined => promised.find(({ name }) => name === setting)?.reason;

/**
 * Settings with which a worker or API must not start when they differ: the promise is broken by the first record, not
 * after a while. Retention and sizes are no reason to stop work; nor is compression, because every codec is read.
 */
export const requiredAtStart: ReadonlySet<string> = new Set(["message.timestamp.type", "cleanup.policy"]);

/**
 * Why a changed setting can lose records or break a promise, in words; undefined where it cannot. `from` is the value in
 * force, undefined where it is not known; `to` is undefined where the setting goes back to the brokers' own value.
 */
export const riskOf = (setting: string, from: string | undefined, to: string | undefined): string | undefined => {
  if (from === to && from !== undefined) return undefined;
  switch (setting) {
    case "retention.ms":
    case "retention.bytes":
      return isLower(from, to, true) ? "records go" : undefined;
    case "max.message.bytes":
      return isLower(from, to, false) ? "records that were taken until now are refused" : undefined;
    case "min.insync.replicas":
      return isLower(from, to, false) ? "fewer copies of an acknowledged record" : undefined;
    case "cleanup.policy":
      return "other records are removed than before";
    case "message.timestamp.type":
      return "records that are there keep the time they have";
    case "unclean.leader.election.enable":
      return to === "false" ? undefined : "acknowledged records may be lost";
    default:
      return undefined;
  }
};

/** An unknown value may be higher or lower: it counts as lower. `unlimited`: -1 is more than every number. */
const isLower = (from: string | undefined, to: string | undefined, unlimited: boolean): boolean => {
  if (from === undefined || to === undefined) return true;
  const size = (text: string): number => (unlimited && text === "-1" ? Number.POSITIVE_INFINITY : Number(text));
  return size(to) < size(from);
};
