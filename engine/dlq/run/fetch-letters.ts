/** Gets the bytes of letters that are to be sent: from the dead letters, or from where they came from. */
import type { LogRecord } from "../../log/log.ts";
import { hasOwnBytes, idText, type Letter, type Place } from "../letters/letter.ts";
import { mergeOffsets } from "../plan/ranges.ts";
import type { DlqCluster } from "../ports.ts";
import { unlessMissing } from "../../log/unless-missing.ts";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";

/** Records that are read over rather than asked for anew: a request costs some milliseconds, a record some microseconds. */
const gap = 200n;

/** A letter's record, with the bytes of the record that it is about. */
export interface FetchedLetter {
  readonly record: LogRecord;
  /**
   * Where key, value and headers are from: the letter, or, where it was too large to be kept whole, its origin; `gone` where
   * that is not the same record any more: the record is the letter then, which has none of them.
   */
  readonly bytesFrom: "letter" | "origin" | "gone";
}

/**
 * The letters as they are to be replayed, by {@link idText} of their place; those that are gone, or whose bytes are, are missing.
 * @throws Unavailable
 */
export const fetchLetters = async (
  cluster: DlqCluster,
  letters: readonly Letter[],
): Promise<ReadonlyMap<string, LogRecord>> => {
  const found = await fetchWhole(cluster, letters);
  return new Map([...found].flatMap(([id, { record, bytesFrom }]) => (bytesFrom === "gone" ? [] : [[id, record]])));
};

/** The letters as they are to be looked at, by {@link idText} of their place; those that are gone are missing. @throws Unavailable */
export const fetchWhole = async (
  cluster: DlqCluster,
  letters: readonly Letter[],
): Promise<ReadonlyMap<string, FetchedLetter>> => {
  const records = await fetchPlaces(
    cluster,
    letters.map(({ place }) => place),
  );
  const found = new Map<string, FetchedLetter>();
  const origins = await fetchOrigins(
    cluster,
    letters.filter((letter) => !hasOwnBytes(letter)),
  );
  for (const letter of letters) {
    const id = idText(letter.place);
    const record = records.get(id);
    if (record === undefined) continue;
    if (hasOwnBytes(letter)) found.set(id, { record, bytesFrom: "letter" });
    else {
      const origin = origins.get(idText(letter.origin));
      if (origin === undefined) found.set(id, { record, bytesFrom: "gone" });
      else found.set(id, { record: withBytesOf(origin, record), bytesFrom: "origin" });
    }
  }
  return found;
};

/** The records that letters came from, by {@link idText}, where they are still there. @throws Unavailable */
const fetchOrigins = async (
  cluster: DlqCluster,
  letters: readonly Letter[],
): Promise<ReadonlyMap<string, LogRecord>> => {
  const records = await fetchPlaces(
    cluster,
    letters.map(({ origin }) => origin),
  );
  // A topic that was made anew has other records at these offsets.
  const same = letters.flatMap(({ origin }) => {
    const record = records.get(idText(origin));
    return record?.timestampMs === origin.timestampMs ? [[idText(origin), record] as const] : [];
  });
  return new Map(same);
};

/** What the letter says of where it came from, with the bytes of where it came from. */
const withBytesOf = (origin: LogRecord, letter: LogRecord): LogRecord => {
  const isOurs = ([name]: readonly [string, unknown]): boolean => name.startsWith(deadLetterPrefix);
  const own = Object.entries(origin.headers).filter((header) => !isOurs(header));
  const ours = Object.entries(letter.headers).filter(isOurs);
  return { ...letter, key: origin.key, value: origin.value, headers: Object.fromEntries([...own, ...ours]) };
};

/** Records at places, by {@link idText}; those that are gone are missing. @throws Unavailable */
export const fetchPlaces = async (
  cluster: DlqCluster,
  places: readonly Place[],
): Promise<ReadonlyMap<string, LogRecord>> => {
  const wanted = new Set(places.map(idText));
  const found = new Map<string, LogRecord>();
  for (const [topic, some] of Map.groupBy(places, (place) => place.topic)) {
    const ranges = [...Map.groupBy(some, ({ partition }) => partition)].flatMap(([partition, own]) =>
      mergeOffsets(
        partition,
        own.map(({ offset }) => offset),
        gap,
      ),
    );
    const read = () =>
      cluster.readRanges(topic, ranges, (partition, records) => {
        for (const record of records) {
          const id = idText({ topic, partition, offset: record.offset });
          if (wanted.has(id)) found.set(id, record);
        }
      });
    await unlessMissing(read, undefined);
  }
  return found;
};
