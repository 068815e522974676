/** Records and dead letters decoded with a schema that is declared beside those they were written with. */
import { unlessMissing } from "../../log/unless-missing.ts";
import type { AvroJson } from "../../avro/avro.ts";
import type { KafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { LogRecord } from "../../log/log.ts";
import { isRead, type LetterReader, readable } from "../../deploy/run/letters.ts";

/** What it reads with. */
export interface SampleReader extends LetterReader {
  readonly admin: Pick<KafkaAdmin, "readTopic" | "partitionCounts">;
}

/** What is read, and with which two schemas. */
export interface Sample {
  /** Where records are read. */
  readonly topic: string;
  /** Of the topic these records were written to first; the same as `topic` for records themselves. */
  readonly source: string;
  readonly before: AvroJson;
  readonly after: AvroJson;
  /** Records of the whole topic, the newest; all where it is absent. */
  readonly last?: number;
  /** Which records count; all where it is absent. */
  readonly counts?: (record: LogRecord) => boolean;
}

/** What came of it. `stranded` are read with `before` and not with `after`. */
export interface Sampled {
  readonly readable: number;
  readonly of: number;
  readonly stranded: number;
}

/** Reads and counts; zeros where there is no such topic. @throws Unavailable */
export const sampleOf = async ({ admin, codec }: SampleReader, sample: Sample): Promise<Sampled> => {
  const { topic, source, before, after, last, counts = () => true } = sample;
  const [then, now] = [codec.decoder(readable(source, before)), codec.decoder(readable(source, after))];
  const found = { readable: 0, of: 0, stranded: 0 };
  const look = async ({ value }: LogRecord): Promise<void> => {
    found.of += 1;
    if (await isRead(now, value)) found.readable += 1;
    else if (await isRead(then, value)) found.stranded += 1;
  };
  const partitions = last === undefined ? 1 : ((await admin.partitionCounts([topic])).get(topic) ?? 0);
  if (partitions === 0) return found;
  const range = last === undefined ? {} : { lastOfEach: Math.ceil(last / partitions) };
  const read = () =>
    admin.readTopic(
      topic,
      async (_, records) => {
        for (const record of records) if (counts(record)) await look(record);
      },
      range,
    );
  await unlessMissing(read, undefined);
  return found;
};
