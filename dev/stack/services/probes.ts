/**
 * Asks a service whether it is ready: an answered request, never just an open port. The one file outside stores/ that
 * may import a database driver: readiness is asked before there is anything of ours to ask it through.
 */
import { connect } from "node:net";
import type { Probe } from "./service.ts";
import {
  describeGroupRequest,
  findCoordinatorRequest,
  frame,
  groupPerPartition,
  metadataRequest,
  parseCoordinator,
  parseGroupError,
  parseMetadata,
  type WireRequest,
} from "../kafka/kafka-wire.ts";

/** Asks once. @throws Error saying what did not answer, or what it answered, within `timeoutMs`. */
export async function ask(probe: Probe, timeoutMs: number): Promise<void> {
  switch (probe.kind) {
    case "kafka":
      return askBroker(probe, timeoutMs);
    case "registry":
      return askRegistry(probe.url, timeoutMs);
    case "mariadb":
      return askMariadb(probe.url, timeoutMs);
    case "redis":
      return askRedis(probe.port, timeoutMs);
    case "http":
      return askHttp(probe.url, timeoutMs);
  }
}

/** A broker is ready when it knows of a controller and of every broker of its cluster: from then on it can lead and follow. */
async function askBroker(
  { port, brokers, clusterId }: Extract<Probe, { readonly kind: "kafka" }>,
  timeoutMs: number,
): Promise<void> {
  const view = parseMetadata(await exchange(port, metadataRequest, timeoutMs));
  if (view.clusterId !== clusterId) throw new Error(`is of cluster ${view.clusterId}, not of ${clusterId}`);
  if (view.brokers.length < brokers) throw new Error(`knows of ${view.brokers.length} of ${brokers} brokers`);
  if (view.controllerId < 0) throw new Error("knows of no controller");
}

/**
 * Makes every group coordinator load. Until then the first consumers of a new cluster get "coordinator is loading" for
 * up to 3 s. Leaves nothing behind but the offsets topic, which the first consumer would make.
 * @throws Error when a coordinator is not ready yet: ask again.
 */
export async function askCoordinators(port: number, partitions: number, timeoutMs: number): Promise<void> {
  await Promise.all(
    groupPerPartition(partitions).map(async (groupId) => {
      const found = parseCoordinator(await exchange(port, findCoordinatorRequest(groupId), timeoutMs));
      if (found.errorCode !== 0) throw new Error(`has no group coordinator yet (error ${found.errorCode})`);
      const error = parseGroupError(await exchange(found.port, describeGroupRequest(groupId), timeoutMs));
      if (error !== 0) throw new Error(`is loading its group coordinator (error ${error})`);
    }),
  );
}

async function askRegistry(url: string, timeoutMs: number): Promise<void> {
  const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(timeoutMs) });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`answered GET /subjects with ${answer.status}: ${body.slice(0, 200)}`);
}

async function askHttp(url: string, timeoutMs: number): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`answered GET ${new URL(url).pathname} with ${answer.status}`);
}

async function askMariadb(url: string, timeoutMs: number): Promise<void> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection({ uri: url, connectTimeout: timeoutMs });
  try {
    await connection.query({ sql: "SELECT 1", timeout: timeoutMs });
  } finally {
    connection.destroy();
  }
}

async function askRedis(port: number, timeoutMs: number): Promise<void> {
  const answer = await talk(port, Buffer.from("PING\r\n"), {
    timeoutMs,
    end: (bytes) => (bytes.includes("\r\n") ? bytes.length : undefined),
  });
  const text = answer.toString("latin1").trim();
  // Such as -LOADING while it reads a dump.
  if (text !== "+PONG") throw new Error(`answered PING with ${text.slice(0, 200)}`);
}

/** Sends one Kafka request and gives its answer, the size and the correlation id cut off. */
async function exchange(port: number, request: WireRequest, timeoutMs: number): Promise<Buffer> {
  const correlationId = 1;
  const answer = await talk(port, frame(request, correlationId), {
    timeoutMs,
    end: (bytes) => (bytes.length >= 4 ? 4 + bytes.readInt32BE(0) : undefined),
  });
  if (answer.readInt32BE(4) !== correlationId) throw new Error("answered another request than the one asked");
  return answer.subarray(8);
}

/** Why a question failed, in words. `fetch` says no more than "fetch failed" and keeps the reason for its cause. */
export function problemOf(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error && reason.message !== "" ? reason.message : String(reason);
}

// No answer that readiness asks for comes near this; a port that says more is not the service it is taken for.
const answerMaxBytes = 1024 * 1024;

/**
 * Connects to 127.0.0.1:`port`, sends `question` and collects the answer until `end` knows its length and it is there.
 * Refused, cut off, too long or later than `timeoutMs`: rejects, and the connection is closed in any case.
 */
function talk(
  port: number,
  question: Buffer,
  { timeoutMs, end }: { readonly timeoutMs: number; readonly end: (bytes: Buffer) => number | undefined },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(question));
    const finish = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => finish(() => reject(new Error(`did not answer within ${timeoutMs} ms`))), timeoutMs);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const length = end(bytes);
      if (length === undefined) return;
      if (length < 0 || length > answerMaxBytes) {
        finish(() => reject(new Error(`announced an answer of ${length} bytes`)));
      } else if (bytes.length >= length) finish(() => resolve(bytes));
    });
    socket.on("error", (error) => finish(() => reject(error)));
    socket.on("end", () => finish(() => reject(new Error("closed the connection without an answer"))));
  });
}
