/**
 * Replaces four methods in src/consumer/consumerGroup.js. kafkajs calls no hook before it gives a membership back
 * (peers: no revoke hook), some of its joins have no event at all, it may join twice at once, and it jumps to the
 * topic's start when the committed offset is gone. A group is known by its assigner, the one object that we make and
 * that every ConsumerGroup holds.
 */
import type { Batch, ConsumerGroup } from "../internals.ts";
import { definePatch } from "./patch.ts";

/** What happens instead of the four methods, for groups that have hooks. */
export interface GroupHooks {
  /** Instead of joining; `join` is the original, to be called at most once at a time. */
  readonly join: (group: ConsumerGroup, join: () => Promise<void>) => Promise<void>;
  /** Instead of fetching from one broker; `fetch` is the original. */
  readonly fetch: (group: ConsumerGroup, fetch: () => Promise<readonly Batch[]>) => Promise<readonly Batch[]>;
  /** Instead of leaving; `leave` is the original. */
  readonly leave: (group: ConsumerGroup, leave: () => Promise<void>) => Promise<void>;
  /** Instead of starting over at the topic's first or last offset. */
  readonly offsetOutOfRange: (group: ConsumerGroup, at: { topic: string; partition: number }) => Promise<void>;
}

const hooksByAssigner = new WeakMap<object, GroupHooks>();

/** Gives hooks to every ConsumerGroup that is made with this assigner. */
export const hookGroupsWith = (assigner: object, hooks: GroupHooks): void => {
  hooksByAssigner.set(assigner, hooks);
};

const hooksOf = ({ assigners }: ConsumerGroup): GroupHooks | undefined => {
  for (const assigner of assigners) {
    const hooks = hooksByAssigner.get(assigner);
    if (hooks !== undefined) return hooks;
  }
  return undefined;
};

/** Groups without hooks behave as before. */
export const groupHooksPatch = definePatch({
  file: "src/consumer/consumerGroup.js",
  sha256: "f3e461738585a8dc6574c647123a18afc732f81cdee4f9f7bb62e4aa1dffbfbb",
  replace: (original) => {
    const { prototype } = original;
    const { joinAndSync, fetch, leave, recoverFromOffsetOutOfRange } = prototype;
    prototype.joinAndSync = function (this: ConsumerGroup): Promise<void> {
      const hooks = hooksOf(this);
      return hooks === undefined ? joinAndSync.call(this) : hooks.join(this, () => joinAndSync.call(this));
    };
    prototype.fetch = function (this: ConsumerGroup, nodeId): Promise<readonly Batch[]> {
      const hooks = hooksOf(this);
      return hooks === undefined ? fetch.call(this, nodeId) : hooks.fetch(this, () => fetch.call(this, nodeId));
    };
    prototype.leave = function (this: ConsumerGroup): Promise<void> {
      const hooks = hooksOf(this);
      return hooks === undefined ? leave.call(this) : hooks.leave(this, () => leave.call(this));
    };
    prototype.recoverFromOffsetOutOfRange = function (this: ConsumerGroup, error): Promise<void> {
      const hooks = hooksOf(this);
      return hooks === undefined
        ? recoverFromOffsetOutOfRange.call(this, error)
        : hooks.offsetOutOfRange(this, { topic: error.topic, partition: error.partition });
    };
    return original;
  },
});
