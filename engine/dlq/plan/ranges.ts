/** Places of letters as few numbers: by partition, offsets as ranges such as `3-17,20`. Plain JSON, for plans and jobs. */
import type { Place } from "../letters/letter.ts";

/** By partition: offsets and ranges of offsets, both ends included, rising, separated by commas. */
export type PlaceRanges = Readonly<Record<string, string>>;

/** Ranges of offsets of one partition; `end` is not included. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: bigint;
  readonly end: bigint;
}

type At = Pick<Place, "partition" | "offset">;

/** Packs places; each counts once. */
export const packPlaces = (places: Iterable<At>): PlaceRanges => {
  const byPartition = new Map<number, bigint[]>();
  for (const { partition, offset } of places) {
    const offsets = byPartition.get(partition);
    if (offsets === undefined) byPartition.set(partition, [offset]);
    else offsets.push(offset);
  }
  const packed = [...byPartition].map(([partition, offsets]) => {
    const ranges = mergeOffsets(partition, offsets, 0n);
    const text = ({ from, end }: OffsetRange): string => (end - from === 1n ? `${from}` : `${from}-${end - 1n}`);
    return [String(partition), ranges.map(text).join(",")] as const;
  });
  return Object.fromEntries(packed.toSorted(([a], [b]) => Number(a) - Number(b)));
};

/** Whether a place is among packed ones. @throws RangeError where a text is no list of ranges */
export const placesIn = (packed: PlaceRanges): ((place: At) => boolean) => {
  const ranges = new Map(
    Object.entries(packed).map(([partition, text]) => [Number(partition), parseRanges(Number(partition), text)]),
  );
  return ({ partition, offset }) => {
    const all = ranges.get(partition) ?? [];
    let [low, high] = [0, all.length];
    // The last range that begins at or before the offset.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[middle]?.from ?? 0n) <= offset) low = middle + 1;
      else high = middle;
    }
    const found = all[low - 1];
    return found !== undefined && offset < found.end;
  };
};

/** How many places are packed. */
export const countPlaces = (packed: PlaceRanges): number =>
  Object.entries(packed)
    .flatMap(([partition, text]) => parseRanges(Number(partition), text))
    .reduce((sum, { from, end }) => sum + Number(end - from), 0);

const parseRanges = (partition: number, text: string): readonly OffsetRange[] =>
  text.split(",").map((range) => {
    const found = /^(\d{1,19})(?:-(\d{1,19}))?$/.exec(range);
    const from = BigInt(found?.[1] ?? -1);
    const end = BigInt(found?.[2] ?? from) + 1n;
    if (from < 0n || end <= from) throw new RangeError(`${JSON.stringify(range)} is no range of offsets`);
    return { partition, from, end };
  });

/** The fewest ranges that have all these offsets, where reading over up to `gap` others costs less than another request. */
export const mergeOffsets = (partition: number, offsets: readonly bigint[], gap: bigint): readonly OffsetRange[] => {
  const merged: { partition: number; from: bigint; end: bigint }[] = [];
  for (const offset of offsets.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const last = merged.at(-1);
    if (last !== undefined && offset <= last.end + gap) last.end = offset < last.end ? last.end : offset + 1n;
    else merged.push({ partition, from: offset, end: offset + 1n });
  }
  return merged;
};
