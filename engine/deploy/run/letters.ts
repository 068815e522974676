/** Dead letters and a change of the schema they were written with: those that could not be read any more. */
import { unlessMissing } from "../../log/unless-missing.ts";
import type { AvroJson } from "../../avro/avro.ts";
import type { Codec, Decoder } from "../../avro/codec.ts";
import { learnInTurn } from "../../avro/learn-in-turn.ts";
import { topic } from "../../avro/topic.ts";
import type { KafkaAdmin } from "../../log/kafka/admin/admin.ts";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";

/** A change of the schema of a topic whose records may be among dead letters. */
export interface SchemaChange {
  /** The topic of the dead letters. */
  readonly letters: string;
  /** Where the letters were records first: letters of other topics are passed over. */
  readonly source: string;
  readonly before: AvroJson;
  readonly after: AvroJson;
}

/** What it reads with. */
export interface LetterReader {
  readonly admin: Pick<KafkaAdmin, "readTopic">;
  readonly codec: Codec;
}

/** Letters that the schema before reads and the one after does not. 0 where there is no topic of letters yet. @throws Unavailable */
export const countStranded = async ({ admin, codec }: LetterReader, change: SchemaChange): Promise<number> => {
  const { letters, source, before, after } = change;
  const [now, then] = [before, after].map((avro) => codec.decoder(readable(source, avro)));
  if (now === undefined || then === undefined) throw new RangeError("two decoders were made");
  let stranded = 0;
  const read = () =>
    admin.readTopic(letters, async (_, records) => {
      for (const { value, headers } of records) {
        if (String(headers[`${deadLetterPrefix}topic`]) !== source) continue;
        if ((await isRead(now, value)) && !(await isRead(then, value))) stranded += 1;
      }
    });
  await unlessMissing(read, undefined);
  return stranded;
};

/** Only to decode: nothing of this topic is written or keyed. */
export const readable = (name: string, avro: AvroJson) =>
  topic<unknown>(name, { name, avro }, { key: () => "", id: () => "" });

/** Whether a decoder reads it, after learning its writer's schema. */
export const isRead = async (decoder: Decoder<unknown>, value: Buffer | null): Promise<boolean> => {
  const decoded = decoder.decode(value);
  if (decoded.kind !== "unknownSchema") return decoded.kind === "value";
  return (await learnInTurn(decoder, decoded.id)) === "known" && decoder.decode(value).kind === "value";
};
