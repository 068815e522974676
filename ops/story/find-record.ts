/** Finds the first record about an id in a part of a topic: only records whose bytes hold the id's text are decoded. */
import type { Topic } from "../../engine/avro/topic.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import type { StoryPorts } from "./ports.ts";
import { type Searched, type SearchRange, searchTopic } from "./search.ts";

/** Looks for it. `idOf` is what a value is about. What is away is remembered. */
export const findRecord = <T>(
  { cluster, decoder, away }: Pick<StoryPorts, "cluster" | "decoder" | "away">,
  topic: Topic<T>,
  id: string,
  range: SearchRange,
  idOf: (value: T) => string,
): Promise<Searched<T>> => {
  const text = Buffer.from(id);
  const decoded = async ({ value }: LogRecord): Promise<T | undefined> => {
    const reading = await decoder.read(topic.name, value);
    if (reading.kind !== "value") return undefined;
    // Erasure: the decoder read it with this topic's schema.
    const found = reading.value as T;
    return idOf(found) === id ? found : undefined;
  };
  return away.orElse<Searched<T>>({ isWhole: false }, () =>
    searchTopic(cluster, topic.name, range, (_, record) =>
      record.value?.includes(text) === true ? decoded(record) : undefined,
    ),
  );
};
