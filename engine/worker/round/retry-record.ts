/** A retry record: what a dead letter becomes to be decided again. It is the record as it was, with what must not be lost of it. */
import type { TopologyGraph } from "../../flow/graph.ts";
import type { NewRecord } from "../../log/log.ts";
import { ownText, toHeaders, withoutOurs } from "./letter-headers.ts";

/** The retry topic of a topology: a second feed of its sources, which only its own workers read. */
export const retryTopic = (topology: string): string => `${topology}.retry`;

/**
 * As many partitions as its retry topic has: a letter goes to the number it came from. With several sources there is still
 * one retry topic, with as many as the largest of them: partition p is a feed of every source's partition p, and a record's
 * origin says which of them decides it.
 */
export const retryPartitions = ({ sources, endpoints }: Pick<TopologyGraph, "sources" | "endpoints">): number =>
  Math.max(
    ...sources.map((name) => {
      const endpoint = endpoints[name];
      return endpoint?.kind === "topic" ? endpoint.partitions : 0;
    }),
  );

/**
 * Of ours only these go back: the record's origin, and what it went through. What else a letter says is about one
 * failure, and would pile up.
 */
const carried = ["topic", "partition", "offset", "timestamp", "attempt", "first-at", "job"] as const;

/**
 * What these headers add to a record at most, bytes: names of topics have 249, and numbers and ids few. A record that its source's
 * bound just let through must not be too large for the retry topic.
 */
export const retryOverheadBytes = 1_024;

/**
 * The record to append to partition `partition` of the {@link retryTopic}, as the letter's header of that name says. Key,
 * value and headers are the letter's to the byte; of ours it has those that are carried, `job` being the replay it is sent
 * by, where one is given. A letter whose bytes were dropped has none: find them first.
 */
export const toRetryRecord = ({ key, value, headers = {} }: NewRecord, job?: string): NewRecord => {
  const texts = carried.flatMap((name) => {
    const text = name === "job" ? (job ?? ownText(headers, name)) : ownText(headers, name);
    return text === undefined ? [] : [[name, text] as const];
  });
  return { key, value, headers: { ...withoutOurs(headers), ...toHeaders(Object.fromEntries(texts)) } };
};
