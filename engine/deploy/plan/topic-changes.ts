/** The rules for topics: what may change, what must be confirmed, and what is refused. Pure. */
import { partitionOfKey } from "../../log/producer/partitioner.ts";
import type { Change, ForeignSetting, Refusal } from "./change.ts";
import type { DesiredTopic } from "./desired.ts";
import type { LiveTopic } from "./live.ts";
import { reasonFor, riskOf } from "./topic-settings.ts";
import { settingText } from "./units.ts";

/** A topic three ways. */
export interface TopicThreeWays {
  readonly name: string;
  readonly declared: DesiredTopic;
  /** As it was applied last; undefined where it was not. */
  readonly applied: DesiredTopic | undefined;
  /** As the cluster has it; null where it has none. */
  readonly live: LiveTopic | null;
}

/** What is found about a topic. */
export interface TopicFindings {
  readonly changes: readonly Change[];
  readonly refusals: readonly Refusal[];
  readonly foreign: readonly ForeignSetting[];
}

/** Compares one topic. */
export const topicChanges = (topic: TopicThreeWays): TopicFindings => {
  const { live } = topic;
  const key = keyRefusals(topic);
  if (live === null) return { changes: [creation(topic)], refusals: key, foreign: [] };
  const { changes, refusals } = partitionChanges(topic, live);
  return {
    changes: [...changes, ...settingChanges(topic, live)],
    refusals: [...key, ...refusals],
    foreign: foreignSettings(topic, live),
  };
};

const creation = ({ name, declared: { partitions, settings }, applied }: TopicThreeWays): Change => {
  const change = {
    area: "topic",
    name,
    action: { does: "createTopic", topic: name, partitions, settings },
  } as const;
  const made = `${partitions} partitions, kept ${keptText(settings["retention.ms"])}`;
  if (applied === undefined) return { ...change, kind: "new", text: made };
  return {
    ...change,
    kind: "drift",
    text: `is gone; made anew: ${made}`,
    risk: "its records are lost, and committed offsets may be behind its new end",
  };
};

const keptText = (retentionMs: string | undefined): string =>
  retentionMs === undefined ? "as the brokers say" : settingText("retention.ms", retentionMs);

const keyRefusals = ({ name, declared, applied }: TopicThreeWays): readonly Refusal[] =>
  applied === undefined || applied.key === declared.key
    ? []
    : [
        {
          code: "KEY_CHANGED",
          area: "topic",
          name,
          text: `key ${applied.key} -> ${declared.key}`,
          fix: `Declare key ${applied.key}, or declare a topic of another name: the order of records per key is not kept.`,
        },
      ];

const partitionChanges = ({ name, declared }: TopicThreeWays, live: LiveTopic): Omit<TopicFindings, "foreign"> => {
  const text = `partitions ${live.partitions} -> ${declared.partitions}`;
  const about = { area: "topic", name } as const;
  const fix = `Declare ${live.partitions} partitions, or drain the topic and declare one of another name.`;
  if (live.partitions === declared.partitions) return { changes: [], refusals: [] };
  if (live.partitions > declared.partitions) {
    return { changes: [], refusals: [{ ...about, code: "FEWER_PARTITIONS", text, fix }] };
  }
  if (declared.key !== null) {
    const moved = `${text}, ${Math.round(100 * shareOfMovedKeys(live.partitions, declared.partitions))} % of keys would move`;
    return { changes: [], refusals: [{ ...about, code: "KEYS_WOULD_MOVE", text: moved, fix }] };
  }
  const action = { does: "addPartitions", topic: name, partitions: declared.partitions } as const;
  return { changes: [{ ...about, kind: "change", text, action }], refusals: [] };
};

/** Keys whose partition is computed; enough for a share that is right to a percent. */
const sampledKeys = 10_000;

/** The share of keys, 0 to 1, that another partition count gives another partition; of sampled keys. */
export const shareOfMovedKeys = (before: number, after: number): number => {
  let moved = 0;
  for (let at = 0; at < sampledKeys; at += 1) {
    const key = Buffer.from(`key-${at}`);
    if (partitionOfKey(key, before) !== partitionOfKey(key, after)) moved += 1;
  }
  return moved / sampledKeys;
};

const settingChanges = (topic: TopicThreeWays, live: LiveTopic): readonly Change[] => {
  const names = new Set([...Object.keys(topic.declared.settings), ...Object.keys(topic.applied?.settings ?? {})]);
  return [...names].sort().flatMap((setting) => settingChange(topic, live, setting) ?? []);
};

/** Three ways: live equal to what was applied is a change of the declaration; equal to neither is drift. */
const settingChange = (
  { name, declared, applied }: TopicThreeWays,
  live: LiveTopic,
  setting: string,
): Change | undefined => {
  const [wanted, was, is] = [declared.settings[setting], applied?.settings[setting], live.overrides[setting]];
  if (is === wanted) return undefined;
  // Declared before and no more: reset, unless somebody has set another value since; then it is theirs.
  if (wanted === undefined && is !== was) return undefined;
  const drifted = applied !== undefined && is !== was;
  const inForce = live.effective[setting] ?? is;
  const risk = riskOf(setting, inForce, wanted);
  const reason = drifted ? reasonFor(setting) : undefined;
  const [before, after] = [settingText(setting, is ?? inForce), settingText(setting, wanted)];
  // What was taken away may be what the broker has by itself: the line would show no difference.
  const values = `${setting} ${before}${before === after ? " (the broker's own)" : ""} -> ${after}`;
  return {
    kind: drifted ? "drift" : "change",
    area: "topic",
    name,
    text: drifted ? `${values}, changed outside of sluice${reason === undefined ? "" : `: ${reason}`}` : values,
    ...(risk === undefined ? {} : { risk }),
    ...(risk !== undefined && setting === "retention.ms" && wanted !== undefined && wanted !== "-1"
      ? { removesOlderThanMs: Number(wanted) }
      : {}),
    action: {
      does: "alterSettings",
      topic: name,
      set: wanted === undefined ? {} : { [setting]: wanted },
      reset: wanted === undefined ? [setting] : [],
    },
  };
};

const foreignSettings = ({ name, declared, applied }: TopicThreeWays, live: LiveTopic): readonly ForeignSetting[] =>
  Object.entries(live.overrides).flatMap(([setting, value]) => {
    const ours = setting in declared.settings || applied?.settings[setting] === value;
    return ours ? [] : [{ topic: name, setting, value }];
  });
