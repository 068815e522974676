/**
 * Rows by their ids in flat memory, for millions of them: a row is its Avro bytes and 36 more, and is an object only while it is
 * looked at. As objects with texts they would be some 250 bytes each, and the collector's work for as long as they are kept.
 */
import type { Schema } from "../../../engine/avro/avro.ts";
import { avscType } from "../../../engine/avro/exact-types.ts";
import { PackedIds } from "./packed-ids.ts";
import type { Rows } from "./rows.ts";

/** How rows are kept. */
export interface RowForm<Id, Row, Kept> {
  readonly schema: Schema<Kept>;
  readonly pack: (row: Row) => Kept;
  readonly unpack: (kept: Kept, id: Id) => Row;
}

const chunkBytes = 1 << 20;

/** Rows of one form. A row that is set again takes its bytes anew: to be filled once. */
export class PackedRows<Id extends string, Row, Kept> implements Rows<Id, Row> {
  readonly #form: RowForm<Id, Row, Kept>;
  readonly #type: ReturnType<typeof avscType>;
  readonly #ids = new PackedIds<Id>();
  readonly #chunks: Buffer[] = [];
  /** The last of them, and how much of it is used, bytes. */
  #chunk = Buffer.alloc(0);
  #used = 0;
  /** Where the bytes of a row begin, through all chunks, by its number. */
  #starts = new Float64Array(1_024);

  constructor(form: RowForm<Id, Row, Kept>) {
    this.#form = form;
    this.#type = avscType(form.schema.avro);
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: Id): boolean {
    return this.#ids.numberOf(id) !== undefined;
  }

  get(id: Id): Row | undefined {
    const number = this.#ids.numberOf(id);
    return number === undefined ? undefined : this.#rowOf(number, id);
  }

  set(id: Id, row: Row): void {
    const number = this.#ids.numberOf(id) ?? this.#ids.add(id);
    if (number >= this.#starts.length) {
      const before = this.#starts;
      this.#starts = new Float64Array(2 * before.length);
      this.#starts.set(before);
    }
    this.#starts[number] = this.#write(this.#form.pack(row));
  }

  *keys(): Generator<Id> {
    for (let number = 0; number < this.size; number++) yield this.#ids.at(number);
  }

  *values(): Generator<Row> {
    for (const [, row] of this) yield row;
  }

  *[Symbol.iterator](): Generator<readonly [Id, Row]> {
    for (let number = 0; number < this.size; number++) {
      const id = this.#ids.at(number);
      yield [id, this.#rowOf(number, id)];
    }
  }

  #rowOf(number: number, id: Id): Row {
    const start = this.#starts[number] ?? 0;
    const chunk = this.#chunks[Math.floor(start / chunkBytes)] ?? Buffer.alloc(0);
    // Erasure: these are the bytes that the same type wrote.
    const { value } = this.#type.decode(chunk, start % chunkBytes) as { readonly value: Kept };
    return this.#form.unpack(value, id);
  }

  /** Answers where the bytes begin. No row is in two chunks. @throws RangeError where it is larger than one */
  #write(kept: Kept): number {
    let end = this.#type.encode(kept, this.#chunk, this.#used);
    if (end < 0) {
      this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
      this.#chunks.push(this.#chunk);
      this.#used = 0;
      end = this.#type.encode(kept, this.#chunk, 0);
    }
    if (end < 0) throw new RangeError(`a row is larger than ${chunkBytes} bytes`);
    const start = (this.#chunks.length - 1) * chunkBytes + this.#used;
    this.#used = end;
    return start;
  }
}
