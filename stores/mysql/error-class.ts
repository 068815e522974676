/** What an error of the database means: by its number in error-table.ts, else by its SQLSTATE or the code of its connection. */
import { type DatabaseErrorClass, databaseErrors } from "./error-table.ts";

/** Codes of Node and mysql2 for a connection that can't be had or was lost: away. */
export const lostConnection: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ENOBUFS",
  "EMFILE",
  "ENFILE",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "PROTOCOL_PACKETS_OUT_OF_ORDER",
  "HANDSHAKE_NO_SSL_SUPPORT",
]);

/**
 * Numbers of proxies in front of a server: ProxySQL answers 9000 to 9999 where it reaches no server in time, or has none.
 * No server has errors there.
 */
export const proxyErrors = { from: 9_000, to: 9_999 } as const;

/** What a number means that is in no row, by the class of its SQLSTATE; undefined where that says nothing either: the rest. */
export const sqlStates: readonly {
  readonly state: string;
  readonly means: DatabaseErrorClass;
  readonly why: string;
}[] = [
  { state: "08", means: "away", why: "the connection" },
  { state: "22", means: "poison", why: "a value" },
  { state: "25006", means: "away", why: "the transaction is read-only" },
  { state: "28", means: "refused", why: "the user's name or password" },
  { state: "40", means: "conflict", why: "the transaction was rolled back" },
  { state: "42S", means: "fatal", why: "a table, column or index" },
  { state: "53", means: "away", why: "the server's resources" },
  { state: "57", means: "away", why: "an operator" },
  { state: "70100", means: "away", why: "the statement was interrupted" },
];

const givingUp: ReadonlySet<number> = new Set(
  databaseErrors.flatMap(({ givesUpConnection, errors }) => (givesUpConnection ? Object.keys(errors).map(Number) : [])),
);

/** Whether the connection that answered this is of no more use. */
export const givesUpConnection = (number: number): boolean => givingUp.has(number);

/** By number. */
const byNumber: ReadonlyMap<number, DatabaseErrorClass> = new Map(
  databaseErrors.flatMap(({ means, errors }) => Object.keys(errors).map((number) => [Number(number), means] as const)),
);

/** The class of an error the server answered: by number, else by SQLSTATE; undefined where neither is known: the rest. */
export const databaseErrorClass = (number: number, sqlState = ""): DatabaseErrorClass | undefined =>
  byNumber.get(number) ??
  (number >= proxyErrors.from && number <= proxyErrors.to
    ? "away"
    : sqlStates.find(({ state }) => sqlState.startsWith(state))?.means);
