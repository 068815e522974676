/**
 * ioredis, loaded so that it slows down no text of the process. Its class `VerbatimString` extends `String` (in 6.0.0), and V8
 * keeps the methods of a class that was extended in a table which compiled code does not see through: each `charCodeAt` of the
 * whole process is looked up by name and called, where it was one instruction. Measured 2026-11-28, the digits of an id: 123 ns
 * without ioredis, 357 with it, 120 as it is loaded here; 1,000 coupons, V8's lookups by name 9.7 % of a worker's CPU, then 1.5 %.
 */
import { Redis } from "ioredis";

/**
 * V8 arranges what objects inherit from for quick lookups when it sees one of them repeat, which took ten; it may need more in
 * another release. Nothing changes but the speed.
 */
const arrangeStringsAnew = (): void => {
  const heir = Object.create(String.prototype) as string;
  for (let lookups = 0; lookups < 1_000; lookups++) void heir.charCodeAt;
};

arrangeStringsAnew();

export { Redis };
