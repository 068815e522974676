/**
 * A set of ids in flat memory, each with its number: 28 bytes for an id, where a Set of texts takes 100. Ids that are no UUIDs are
 * kept too, as texts: records of a topic may say anything.
 */
import { isUuid } from "../../../schemas/ids.ts";

/** 32-bit words of an id. */
const words = 4;
/** Places in the index for one id at least: fewer make the way to a free one long. */
const placesPerId = 1.5;

/** Ids in the order in which they were added, numbered from 0. */
export class PackedIds<Id extends string> {
  #ids = new Uint32Array(words * 1_024);
  /** Number of an id plus 1, by its hash; 0 is free. A power of two. */
  #places = new Uint32Array(2_048);
  #size = 0;
  /** What is no UUID, both ways. */
  readonly #texts = new Map<Id, number>();
  readonly #textOf = new Map<number, Id>();
  readonly #wanted = new Uint32Array(words);

  get size(): number {
    return this.#size;
  }

  /** The number of an id; undefined where it is not there. */
  numberOf(id: Id): number | undefined {
    if (!isUuid(id)) return this.#texts.get(id);
    const number = this.#places[this.#placeOf(id)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** Adds an id that is not there; answers its number. */
  add(id: Id): number {
    const number = this.#size;
    this.#size += 1;
    if (words * this.#size > this.#ids.length) this.#ids = grown(this.#ids);
    if (!isUuid(id)) {
      this.#texts.set(id, number);
      this.#textOf.set(number, id);
      return number;
    }
    if (this.#size * placesPerId > this.#places.length) this.#spread();
    const place = this.#placeOf(id);
    this.#ids.set(this.#wanted, words * number);
    this.#places[place] = number + 1;
    return number;
  }

  /** The id of a number below `size`. */
  at(number: number): Id {
    const text = this.#textOf.get(number);
    if (text !== undefined) return text;
    let digits = "";
    for (let word = 0; word < words; word++)
      digits += (this.#ids[words * number + word] ?? 0).toString(16).padStart(8, "0");
    // Only ids that are UUIDs in lower case are kept as words.
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}` as Id;
  }

  /** Where a UUID is in the index, or would be; its words are in `#wanted` then. */
  #placeOf(id: Id): number {
    const digits = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
    for (let word = 0; word < words; word++)
      this.#wanted[word] = Number.parseInt(digits.slice(8 * word, 8 * word + 8), 16);
    return this.#find(this.#wanted, 0);
  }

  #find(among: Uint32Array, at: number): number {
    const mask = this.#places.length - 1;
    for (let place = hashOf(among, at) & mask; ; place = (place + 1) & mask) {
      const number = this.#places[place] ?? 0;
      if (number === 0 || isSame(this.#ids, words * (number - 1), among, at)) return place;
    }
  }

  #spread(): void {
    this.#places = new Uint32Array(2 * this.#places.length);
    for (let number = 0; number < this.#size - 1; number++)
      if (!this.#textOf.has(number)) this.#places[this.#find(this.#ids, words * number)] = number + 1;
  }
}

const isSame = (a: Uint32Array, at: number, b: Uint32Array, from: number): boolean => {
  for (let word = 0; word < words; word++) if (a[at + word] !== b[from + word]) return false;
  return true;
};

/** Every word counts: ids of one moment share their first ones, and some writers' ids their last. */
const hashOf = (ids: Uint32Array, at: number): number => {
  let hash = 0;
  for (let word = 0; word < words; word++) {
    hash = Math.imul(hash ^ (ids[at + word] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
};

const grown = (before: Uint32Array): Uint32Array<ArrayBuffer> => {
  const after = new Uint32Array(2 * before.length);
  after.set(before);
  return after;
};
