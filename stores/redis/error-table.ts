/**
 * What Redis's error replies mean, by the code that each begins with, as one table: docs/reference/errors.md is made from it.
 * A connection that is refused, lost or silent is no reply: away.
 */

/**
 * - `away`: Redis's state. Hold, and ask again.
 * - `poison`: the keys of a coupon are not what the gate wrote. Its records are isolated and dead-lettered, no others.
 * - `refused`: Redis answers, and does not do what it is asked, now. At a start the process ends; while it runs it is held.
 * - `fatal`: this process is not what this Redis needs, or this Redis not what the gate needs.
 */
export type RedisErrorClass = "away" | "poison" | "refused" | "fatal";

/** One code. */
export interface RedisErrorRow {
  readonly code: string;
  readonly means: RedisErrorClass;
  /** Without its full stop, for the page. */
  readonly why: string;
}

/**
 * The table. What is in no row is refused: scripts are given keys of coupons and digits, and take a hash that they did not write for
 * none, so no record is guilty of what they fail by. To dead-letter requests for it would be wrong of every one. `NOSCRIPT` is answered by sending the script, and so never an error. */
export const redisErrors: readonly RedisErrorRow[] = [
  { code: "LOADING", means: "away", why: "it reads its data from disk" },
  { code: "BUSY", means: "away", why: "a script runs for too long" },
  { code: "MASTERDOWN", means: "away", why: "it is a replica that has lost its master" },
  { code: "READONLY", means: "away", why: "it is a replica, as after a fail-over: connects again, to find the master" },
  { code: "NOREPLICAS", means: "away", why: "fewer replicas than `min-replicas-to-write`" },
  { code: "NOGOODSLAVE", means: "away", why: "a fail-over finds no replica" },
  { code: "OOM", means: "away", why: "`maxmemory` is reached" },
  { code: "MISCONF", means: "away", why: "it cannot save its data, and takes no writes" },
  { code: "UNBLOCKED", means: "away", why: "its role changed" },
  { code: "TRYAGAIN", means: "away", why: "slots are moving" },
  { code: "CLUSTERDOWN", means: "away", why: "the cluster has no quorum" },
  { code: "MOVED", means: "fatal", why: "it is a cluster, which the gate does not support" },
  { code: "ASK", means: "fatal", why: "it is a cluster, which the gate does not support" },
  { code: "CROSSSLOT", means: "fatal", why: "it is a cluster, which the gate does not support" },
  { code: "NOAUTH", means: "refused", why: "it wants a password" },
  { code: "WRONGPASS", means: "refused", why: "user or password is wrong" },
  { code: "NOPERM", means: "refused", why: "the user may not do this" },
  { code: "DENIED", means: "refused", why: "protected mode refuses this machine" },
  { code: "NOPROTO", means: "fatal", why: "it does not speak the protocol" },
  {
    code: "WRONGTYPE",
    means: "poison",
    why: "a coupon's key holds something else; its requests go to the database, and no record is set aside for it",
  },
  {
    code: "ERR",
    means: "refused",
    why: "a command or a script failed: one that was renamed or killed, a quota of a hosted Redis, a proxy that reaches no server",
  },
];

/** Replies that begin with `ERR` and are Redis's state all the same. There is nothing but their text to tell them by. */
export const awayTexts: readonly RegExp[] = [
  /^ERR max number of clients reached/,
  /^ERR server closed the connection/i,
];

const byCode: ReadonlyMap<string, RedisErrorClass> = new Map(redisErrors.map(({ code, means }) => [code, means]));

/** The code of an error reply, and what it means; a code that is in no row is refused. */
export const redisErrorOf = (text: string): { readonly code: string; readonly means: RedisErrorClass } => {
  const code = codeIn(text);
  if (awayTexts.some((away) => away.test(text))) return { code, means: "away" };
  return { code, means: byCode.get(code) ?? "refused" };
};

/** First in the text, there is no other place. Redis 6 puts the code of a command in a script behind the name of the script. */
const codeIn = (text: string): string => {
  const inScript = /^ERR Error running script .*?@\w+: ?\d+: -?([A-Z]{2,})\b/.exec(text)?.[1];
  return inScript ?? /^-?([A-Z][A-Z0-9_]+)/.exec(text)?.[1] ?? "ERR";
};
