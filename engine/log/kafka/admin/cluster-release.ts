/**
 * Which release a cluster runs. Brokers do not say their version; they say the feature levels that the cluster has agreed on
 * (ApiVersions v3, which kafkajs lacks), and `metadata.version` rises with every release.
 */
import { Fatal } from "../../../errors.ts";
import { withCluster } from "../client.ts";
import type { Decoder, Encoder } from "../internals.ts";
import { patchedKafkajs } from "../kafkajs.ts";
import type { KafkaSettings } from "../options.ts";

/** The first `metadata.version` of each release (MetadataVersion.java, 2026-11). */
const releases: readonly (readonly [level: number, release: string])[] = [
  [12, "3.6"],
  [15, "3.7"],
  [20, "3.8"],
  [21, "3.9"],
  [22, "4.0"],
  [26, "4.1"],
  [28, "4.2"],
  [30, "4.3"],
  [31, "4.4"],
];

/** The release that a level of `metadata.version` belongs to, such as `4.1`; newer levels than are known say so. Pure. */
export const releaseOf = (level: number): string => {
  const found = releases.findLast(([first]) => level >= first);
  if (found === undefined) return "older than 3.6";
  return found === releases.at(-1) ? `${found[1]} or newer` : found[1];
};

/** The release by which a cluster's brokers work together; undefined where they have agreed on none. */
export const clusterReleaseOf = (settings: KafkaSettings): Promise<string | undefined> =>
  withCluster(settings, async (cluster) => {
    await cluster.refreshMetadata(); // kafkajs knows the controller by it
    const broker = await cluster.findControllerBroker();
    const Encoding = patchedKafkajs()("src/protocol/encoder.js");
    const Decoding = patchedKafkajs()("src/protocol/decoder.js");
    const level = await broker.connectionPool.send({
      request: {
        apiKey: 18,
        apiVersion: 3,
        apiName: "ApiVersions",
        encode: async () => encodeRequest(new Encoding(), settings.clientId),
      },
      response: {
        decode: async (bytes: Buffer) => metadataLevel(new Decoding(bytes)),
        parse: async (found: number | undefined) => found,
      },
    });
    return level === undefined ? undefined : releaseOf(level);
  });

/** The rest of a header of version 2, which kafkajs does not write, then client_software_name client_software_version. */
const encodeRequest = (encoder: Encoder, name: string): Encoder => {
  encoder.writeInt8(noTags);
  for (const text of [name.replaceAll(/[^A-Za-z0-9.-]/g, "-"), "1"]) {
    // A compact text: its length and one, of less than 127 bytes here, then itself.
    const bytes = Buffer.from(text.slice(0, 100));
    encoder.writeInt8(bytes.length + 1);
    for (const byte of bytes) encoder.writeInt8(byte);
  }
  return encoder.writeInt8(noTags);
};
const noTags = 0;
/** The tag of finalized_features: [name max_version_level min_version_level]. */
const finalizedFeatures = 2;

/** ApiVersions v3: error_code [api_key min_version max_version] throttle_time_ms, then tags. */
const metadataLevel = (decoder: Decoder): number | undefined => {
  const errorCode = decoder.readInt16();
  if (errorCode !== 0) throw new Fatal("KAFKA_REFUSED", `the broker refused to say its features: error ${errorCode}`);
  for (let apis = readUnsigned(decoder) - 1; apis > 0; apis--) {
    for (let field = 0; field < 3; field++) decoder.readInt16();
    skipTags(decoder);
  }
  decoder.readInt32();
  let level: number | undefined;
  eachTag(decoder, (tag) => {
    if (tag !== finalizedFeatures) return;
    for (let features = readUnsigned(decoder) - 1; features > 0; features--) {
      const name = decoder.readBytes(readUnsigned(decoder) - 1)?.toString();
      const max = decoder.readInt16();
      decoder.readInt16();
      skipTags(decoder);
      if (name === "metadata.version") level = max;
    }
  });
  return level;
};

/** Reads tags; what `read` leaves of one is skipped. */
const eachTag = (decoder: Decoder, read: (tag: number) => void): void => {
  for (let tags = readUnsigned(decoder); tags > 0; tags--) {
    const tag = readUnsigned(decoder);
    const size = readUnsigned(decoder);
    const end = decoder.offset + size;
    read(tag);
    decoder.offset = end;
  }
};

const skipTags = (decoder: Decoder): void => eachTag(decoder, () => {});

/** An unsigned varint. */
const readUnsigned = (decoder: Decoder): number => {
  let value = 0;
  for (let shift = 0; shift < 32; shift += 7) {
    const byte = decoder.readInt8();
    value |= (byte & 0x7f) << shift;
    if (byte >= 0) break; // The highest bit, which makes it negative, says that more follow.
  }
  return value >>> 0;
};
