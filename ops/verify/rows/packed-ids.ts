/**
 * A set of ids in flat memory, each with its number: 28 bytes for an id, where a Set of texts takes 100. Ids that are no UUIDs are
 * kept too, as texts: records of a topic may say anything.
 */
import { uuidOf } from "../../../stores/ids.ts";

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
    if (!readWords(id, this.#wanted)) return this.#texts.get(id);
    const number = this.#places[this.#find(this.#wanted, 0)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** Adds an id that is not there; answers its number. */
  add(id: Id): number {
    const number = this.#size;
    this.#size += 1;
    if (words * this.#size > this.#ids.length) this.#ids = grown(this.#ids);
    if (!readWords(id, this.#wanted)) {
      this.#texts.set(id, number);
      this.#textOf.set(number, id);
      return number;
    }
    if (this.#size * placesPerId > this.#places.length) this.#spread();
    this.#ids.set(this.#wanted, words * number);
    this.#places[this.#find(this.#wanted, 0)] = number + 1;
    return number;
  }

  /** The id of a number below `size`. */
  at(number: number): Id {
    const text = this.#textOf.get(number);
    if (text !== undefined) return text;
    for (let word = 0; word < words; word++) bytes.writeUInt32BE(this.#ids[words * number + word] ?? 0, 4 * word);
    // Only ids that are UUIDs in lower case are kept as words.
    return uuidOf(bytes) as Id;
  }

  /** Where the id of these words is in the index, or would be. */
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

const bytes = Buffer.alloc(4 * words);

/** The words of a UUID in lower case; false where it is none. By its characters: a look at millions of ids is mostly this. */
const readWords = (id: string, into: Uint32Array): boolean => {
  if (id.length !== 36) return false;
  let word = 0;
  let digits = 0;
  for (let n = 0; n < 36; n++) {
    const code = id.charCodeAt(n);
    if (n === 8 || n === 13 || n === 18 || n === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : 16;
    if (digit === 16) return false;
    word = (word << 4) | digit;
    digits += 1;
    if (digits % 8 === 0) into[digits / 8 - 1] = word;
  }
  return true;
};

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
