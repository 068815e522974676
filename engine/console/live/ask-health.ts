/** Asks the health ports of processes what they do. The one place where the console calls other processes. */
import type { ListedProcess } from "../../deploy/processes.ts";
import { holdsFrom, readinessFrom, repairsFrom } from "./answers.ts";
import { type Answered, type LookedAt, silentAfterMs } from "./describe.ts";
import { samplesOf } from "./samples.ts";

/** How long one answer may take, ms: a picture a second is asked for. */
const answerMs = 900;
/** Bytes of metrics: a worker's have some 60 KB. */
const mostMetricsBytes = 2 * 1_024 * 1_024;
/** Bytes of readiness, and of holds: some sentences. */
const mostBytes = 256 * 1_024;

/**
 * What a process answers now. Refused, slow, cut off, or too large: why, in words, and it is asked again at the next look. An address
 * that leads to another process by now (a port used again) is told by its readiness and metrics alone, which do not name it: it
 * leaves the list when it is silent for long enough. Never rejects, follows no redirect, changes nothing.
 */
export const askHealth = async (process: ListedProcess, now: () => number): Promise<LookedAt> => {
  const atMs = now();
  if (process.silentMs >= silentAfterMs) {
    const why = "nothing was heard of it lately: it was killed, is frozen, or cannot reach the store of processes";
    return { process, atMs, answer: { why } };
  }
  const origin = originOf(process.healthUrl);
  if (origin === undefined)
    return { process, atMs, answer: { why: "the list of processes has no address of it: http://host:port is one" } };
  try {
    return { process, atMs, answer: await answerOf(origin) };
  } catch (error) {
    return { process, atMs, answer: { why: `${origin} does not answer from here: ${reasonOf(error)}` } };
  }
};

/** A host and a port, and no more: whoever may write to the list is not to choose what is asked of whom, or as whom. */
const originOf = (text: string): string | undefined => {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return undefined;
  const { username, password, pathname, search, hash, origin } = url;
  return pathname === "/" && [username, password, search, hash].every((part) => part === "") ? origin : undefined;
};

const answerOf = async (origin: string): Promise<Answered> => {
  const signal = AbortSignal.timeout(answerMs);
  const page = (path: string, most = mostBytes): Promise<string> => get(new URL(path, origin), signal, most);
  const [ready, holds, repairs, metrics] = await Promise.all([
    page("/ready"),
    // A process of an earlier release has no such pages.
    page("/holds").catch(() => "[]"),
    page("/repairs").catch(() => "[]"),
    page("/metrics", mostMetricsBytes),
  ]);
  return {
    ready: readinessFrom(ready),
    holds: holdsFrom(holds),
    repairs: repairsFrom(repairs),
    samples: [...samplesOf(metrics), ...samplesOf(metrics, "process_resident_memory_bytes")],
  };
};

const get = async (url: URL, signal: AbortSignal, most: number): Promise<string> => {
  const answer = await fetch(url, { signal, redirect: "error" });
  if (answer.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    // Leaving the loop cancels what is still to come.
    if (bytes > most) throw new Error(`it answers more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing came within ${answerMs} ms`;
  // What fetch met is in its cause.
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.message;
};
