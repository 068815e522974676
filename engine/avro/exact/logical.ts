/** Logical types: they stay plain numbers and text here, but what was written as one is not read as another. */
import type avsc from "avsc";
import { hooksOf } from "./tap.ts";

const logicalTypes = new WeakMap<avsc.Type, string>();

/** Notes the logical type of a type. */
export const noteLogical = <T extends avsc.Type>(type: T, logicalType: string): T => {
  logicalTypes.set(type, logicalType);
  return type;
};

/** The logical type that was noted; undefined where there is none. */
export const logicalOf = (type: avsc.Type): string | undefined => logicalTypes.get(type);

/**
 * Makes a class of types refuse writers of another logical type: microseconds read as milliseconds are a date in the year
 * 50,000. A writer or a reader without any is taken at its word: tools and hand-written schemas often leave it out.
 */
export const checkLogical = (type: { readonly prototype: unknown }): void => {
  const hooks = hooksOf(type);
  const resolve = hooks._update;
  hooks._update = function (resolver, writer, options) {
    // avsc calls it on the reader's type.
    const [reads, wrote] = [logicalOf(this as avsc.Type), logicalOf(writer)];
    if (reads !== undefined && wrote !== undefined && reads !== wrote)
      throw new TypeError(`it was written as ${wrote} and would be read as ${reads}`);
    resolve.call(this, resolver, writer, options);
  };
};
