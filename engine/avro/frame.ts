/** The frame before an Avro body, as Confluent's serialisers write it: a zero byte, then the id of the writer's schema. */

/** Bytes of the frame. */
export const frameBytes = 5;

/** The id of the writer's schema that these bytes name; undefined where they have no such frame. */
export const schemaIdIn = (bytes: Buffer | null): number | undefined =>
  bytes !== null && bytes.length >= frameBytes && bytes[0] === 0 ? bytes.readInt32BE(1) : undefined;
