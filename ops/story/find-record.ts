/** Finds the first record about an id in a part of a topic: only records whose bytes hold the id's text are decoded. */
import type { Topic } from "../../engine/avro/topic.ts";
import type { LogRecord } from "../../engine/log/log.ts";
import type { StoryPorts } from "./ports.ts";
import { type Searched, type SearchRange, searchTopic } from "./search.ts";

/**
 * Looks for it. `idOf` is what a value is about; `sorted`: what time it says, where the topic is nearly in that order, and that of
 * the one that is looked for. What is away is remembered.
 */
export const findRecord = <T>(
  { cluster, decoder, away }: Pick<StoryPorts, "cluster" | "decoder" | "away">,
  topic: Topic<T>,
  id: string,
  range: SearchRange,
  idOf: (value: T) => string,
  sorted?: { readonly at: number; readonly timeOf: (value: T) => number },
): Promise<Searched<T>> => {
  const text = Buffer.from(id);
  const contentOf = async ({ value }: LogRecord): Promise<T | undefined> => {
    const reading = await decoder.read(topic.name, value);
    // Erasure: the decoder read it with this topic's schema.
    return reading.kind === "value" ? (reading.value as T) : undefined;
  };
  const decoded = async (record: LogRecord): Promise<T | undefined> => {
    const found = await contentOf(record);
    return found !== undefined && idOf(found) === id ? found : undefined;
  };
  const timeOf = async (record: LogRecord): Promise<number | undefined> => {
    const value = await contentOf(record);
    return value === undefined ? undefined : sorted?.timeOf(value);
  };
  return away.orElse<Searched<T>>({ isWhole: false }, () =>
    searchTopic(
      cluster,
      topic.name,
      range,
      (_, record) => (record.value?.includes(text) === true ? decoded(record) : undefined),
      sorted && { at: sorted.at, timeOf },
    ),
  );
};
