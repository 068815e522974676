/** The frame before an Avro body, as Confluent's serialisers write it: a zero byte, then the id of the writer's schema. */

/** Bytes of the frame. */
export const frameBytes = 5;

/** Registries count from 1. */
export const firstSchemaId = 1;

/** The id of the writer's schema that these bytes name; undefined where they have no such frame, or an id that no registry gives. */
export const schemaIdIn = (bytes: Buffer | null): number | undefined =>
  bytes === null ? undefined : schemaIdAt(bytes, 0, bytes.length);

/** As {@link schemaIdIn}, of the bytes from `start` to `end`. */
export const schemaIdAt = (bytes: Buffer, start: number, end: number): number | undefined => {
  const id = end - start >= frameBytes && bytes[start] === 0 ? bytes.readInt32BE(start + 1) : 0;
  return id < firstSchemaId ? undefined : id;
};
