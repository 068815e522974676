/**
 * The three Kafka requests that readiness needs, as bytes: metadata, find the coordinator, describe groups. A client
 * library would retry and hide just what is to be found out, and takes longer to load than the questions take.
 * Layouts: Kafka's protocol guide, the newest versions without compact encoding that Kafka 4.0 answers.
 */

/** A request: which one, in which version, and its body. */
export interface WireRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly body: Buffer;
}

/** What a broker knows of its cluster. */
export interface ClusterView {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  /** Undefined where it does not say. */
  readonly clusterId: string | undefined;
  /** -1 when there is no controller. */
  readonly controllerId: number;
}

/** Metadata version 2, the first that has the cluster's id, about no topic. */
export const metadataRequest: WireRequest = { apiKey: 3, apiVersion: 2, body: int32(0) };

/** Which broker coordinates a group; asking makes the cluster create the offsets topic. Version 1, key type 0. */
export function findCoordinatorRequest(groupId: string): WireRequest {
  return { apiKey: 10, apiVersion: 1, body: Buffer.concat([string(groupId), Buffer.from([0])]) };
}

/** The state of a group; answered once its coordinator has loaded. Creates nothing. Version 0. */
export function describeGroupRequest(groupId: string): WireRequest {
  return { apiKey: 15, apiVersion: 0, body: Buffer.concat([int32(1), string(groupId)]) };
}

/** A request with its size and header (version 1), ready to send. */
export function frame(request: WireRequest, correlationId: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeInt16BE(request.apiKey, 0);
  header.writeInt16BE(request.apiVersion, 2);
  header.writeInt32BE(correlationId, 4);
  const payload = Buffer.concat([header, string("sluice-stack"), request.body]);
  return Buffer.concat([int32(payload.length), payload]);
}

/** Reads a metadata answer, the correlation id cut off. @throws RangeError when it is cut short. */
export function parseMetadata(body: Buffer): ClusterView {
  const reader = new Reader(body);
  const brokers = Array.from({ length: reader.int32() }, () => {
    const broker = { nodeId: reader.int32(), host: reader.string() ?? "", port: reader.int32() };
    reader.string(); // The rack.
    return broker;
  });
  return { brokers, clusterId: reader.string(), controllerId: reader.int32() };
}

/** Reads who coordinates; `errorCode` 0 is none, 15 is "not available yet". @throws RangeError when it is cut short. */
export function parseCoordinator(body: Buffer): {
  readonly errorCode: number;
  readonly host: string;
  readonly port: number;
} {
  const reader = new Reader(body);
  reader.int32(); // How long we are throttled.
  const errorCode = reader.int16();
  reader.string(); // The error in words.
  reader.int32(); // The node.
  return { errorCode, host: reader.string() ?? "", port: reader.int32() };
}

/** Reads the error of the one group that was asked for; 14 is "still loading". @throws RangeError when it is cut short. */
export function parseGroupError(body: Buffer): number {
  const reader = new Reader(body);
  reader.int32(); // How many groups.
  return reader.int16();
}

/**
 * Group ids such that each of the `partitions` of the offsets topic coordinates one. A group belongs to the partition
 * that is its Java hash code modulo their number.
 */
export function groupPerPartition(partitions: number): readonly string[] {
  const groups = new Map<number, string>();
  for (let n = 0; groups.size < partitions; n += 1) {
    const groupId = `readiness-${n}`;
    const partition = (javaHash(groupId) & 0x7fffffff) % partitions;
    if (!groups.has(partition)) groups.set(partition, groupId);
  }
  return [...groups.values()];
}

/** `String.hashCode` of Java. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads big-endian fields one after the other. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readonly int16 = (): number => this.#bytes.readInt16BE(this.#advance(2));
  readonly int32 = (): number => this.#bytes.readInt32BE(this.#advance(4));

  /** A string with its length before it; -1 is null. */
  readonly string = (): string | undefined => {
    const length = this.int16();
    if (length < 0) return undefined;
    const from = this.#advance(length);
    return this.#bytes.toString("utf8", from, from + length);
  };

  #advance(bytes: number): number {
    const from = this.#at;
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new RangeError(`answer cut short at byte ${this.#bytes.length}`);
    return from;
  }
}
