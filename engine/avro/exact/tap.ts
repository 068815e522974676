/** What the exact types share: avsc's bytes and position, the methods of its types that are replaced, and how bytes are refused. */
import type avsc from "avsc";

/** What avsc reads from and writes to: bytes and a position. It has no type for it. Past the end it reads zeros. */
export interface Tap {
  /** With the method of Node's own that its documentation and types leave out: twice as fast as `toString`. */
  readonly buf: Buffer & { readonly utf8Slice: (from: number, to: number) => string };
  pos: number;
  readonly readLong: () => number;
  readonly skipLong: () => void;
  readonly writeLong: (value: number) => void;
  readonly writeString: (text: string) => void;
  readonly writeBytes: (bytes: Buffer) => void;
  /** Items that took no bytes, so far. Absent where there was none. */
  emptyItems?: number;
  /** How deep in values of recursive types it is. Absent where there is none. */
  depth?: number;
}

/** How a default is copied: 2 from a schema's JSON, 3 to it; absent from value to value. */
export interface CopyOptions {
  readonly coerce?: number;
  readonly wrap?: number;
}

/** The methods of avsc's types that are replaced; they are in every release 5 and missing from its declarations. */
export interface Hooks {
  _read: (this: unknown, tap: Tap) => unknown;
  _skip: (this: unknown, tap: Tap) => void;
  _write: (this: unknown, tap: Tap, value: unknown) => void;
  _check: (this: unknown, value: unknown, flags?: unknown, hook?: unknown, path?: unknown) => boolean;
  _copy: (this: unknown, value: unknown, options?: CopyOptions) => unknown;
  /** Sets how a resolver reads what this writer wrote; leaves it as it is where that cannot be read. */
  _update: (this: unknown, resolver: ResolverHooks, writer: avsc.Type, options: unknown) => void;
}

/** A resolver of avsc while it is made. */
export interface ResolverHooks {
  _read: Hooks["_read"] | null;
  itemsType: Hooks | null;
  valuesType: Hooks | null;
  /** Used by avsc for `fixed` only; here also the least bytes of an item that the writer wrote. */
  size: number;
}

// The erasure line: avsc declares these classes and their instances without their hooks.
/** The hooks of a class of avsc. */
export const hooksOf = (type: { readonly prototype: unknown }): Hooks => type.prototype as Hooks;
/** The hooks of a type of avsc. */
export const hooksIn = (type: avsc.Type): Hooks => type as unknown as Hooks;

/** Bytes from here to the end; negative past it. */
export const bytesLeft = ({ buf, pos }: Tap): number => buf.length - pos;

/** Reads the length of text or bytes. @throws RangeError where there are fewer bytes than that. */
export const readLength = (tap: Tap, what: string): number => {
  const length = tap.readLong();
  if (!(length >= 0 && length <= bytesLeft(tap))) throw new RangeError(cutShort(what, length, tap));
  return length;
};

const cutShort = (what: string, length: number, tap: Tap): string =>
  length >= 0
    ? `truncated: ${what} says it has ${length} bytes, ${Math.max(0, bytesLeft(tap))} are left`
    : `${what} has an invalid length of ${length} bytes`;

/** A value as an error shows it: cut to 60 characters, and bigints too. */
export const shown = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};
