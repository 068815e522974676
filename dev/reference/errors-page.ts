/** The page of errors in docs/reference, made from the tables that decide: what is away, what is poison, what is fatal. */
import { brokerErrors } from "../../engine/log/kafka/error-table.ts";
import { readinessCodes } from "../../engine/readiness.ts";
import { statusTable } from "../../stores/http/judge.ts";
import { lostConnection, proxyErrors, sqlStates } from "../../stores/mysql/error-class.ts";
import { databaseErrors } from "../../stores/mysql/error-table.ts";
import { awayTexts, redisErrors } from "../../stores/redis/error-table.ts";
import { code, table } from "./markdown.ts";

const database = (): string =>
  table(
    ["means", "because", "errors"],
    databaseErrors.map(({ means, why, errors, givesUpConnection }) => [
      means,
      givesUpConnection ? `${why}; the connection is given up` : why,
      Object.entries(errors)
        .map(([number, name]) => `${number} ${code(name)}`)
        .join(", "),
    ]),
  );

const states = (): string =>
  table(
    ["SQLSTATE", "means", "it is about"],
    sqlStates.map(({ state, means, why }) => [code(`${state}${state.length < 5 ? "..." : ""}`), means, why]),
  );

const redis = (): string =>
  table(
    ["reply", "means", "because"],
    redisErrors.map((row) => [code(row.code), row.means, row.why]),
  );

const brokers = (): string =>
  table(
    ["means", "because", "errors"],
    brokerErrors.map(({ means, why, types }) => [means, why, types.map(code).join(", ")]),
  );

const platform = (): string =>
  table(
    ["status", "means", "because"],
    statusTable.map(({ statuses, means, why }) => [statuses.join(", "), means, why]),
  );

const readiness = (): string =>
  table(
    ["code", "means"],
    Object.entries(readinessCodes).map(([name, means]) => [code(name), means]),
  );

/** The page. */
export const errorsPage = (): string => `# What an error means

Made from the code by \`npm run reference\`; a test compares the two. Each error belongs to one of these:

- **away**: the state of a server, a cluster or a connection. The call is held, in order, and asked again until it is answered; no record
  is dead-lettered for it, however long it lasts. \`/ready\` names what is away, since when, and what it last said; a payment is answered 503.
- **poison**: what a record holds can never be taken. It is isolated and dead-lettered, and no other with it.
- **refused**: the system answers, and refuses who we are or what we may do: a locked account, a changed password, a revoked right, a quota. At a
  start the process ends, with exit code 1 and a sentence. While it runs, the call is held as above, because credentials are rotated and an
  operator can set it right on the other side; \`/ready\` names the error by its code, with what to look at, and a request is answered 503.
- **fatal**: this process or its schema is not what the system needs. The process ends and says why; nothing is finished, and
  nothing is dead-lettered. A supervisor starts it again. The API goes on, is unready, and answers 503 to what needs the store.
- **rest**: it may be either. It is tried again (\`SLUICE_MAX_ATTEMPTS\`), then the round is halved until the record is by itself, and that is
  dead-lettered as in doubt. What no table knows belongs here, unless its section says otherwise.

Besides these, *blocked* is what no waiting brings by itself and no record is guilty of. It holds like what is away, makes the process
unready and is named by its code: \`REGISTRY_REFUSED\` (the registry answers 401 or 403; refused), \`UNKNOWN_SCHEMA\` (the registry has no schema of that id yet; after 30 s the record is poison), \`FOREIGN_SCHEMA\` (it has it for other subjects, which are named; after 3 s the record is poison) and
\`DELIVERY_DENIED\` (the platform's answer is about us or the address).

## The database

By number; where it is in no row, by SQLSTATE; else the rest. A *conflict* (another transaction was in the way) runs the transaction again,
up to three times, and is the rest after that. What is *locked* (another transaction keeps a lock: an operator's, a backup's) runs again as
often; after that it is held like what is away, and \`/ready\` names it \`LOCK_WAIT_TIMEOUT\`.

${database()}

${states()}

Numbers from ${proxyErrors.from} to ${proxyErrors.to} are a proxy's (ProxySQL) that reaches no server: away. So are these codes of a connection: ${[...lostConnection].map(code).join(", ")}.

## Redis

By the code a reply begins with. No reply (refused, lost, silent) is away; a reply with another code is refused, because no record can make
the gate's scripts fail. A reply that fits
${awayTexts.map((text) => code(text.source)).join(" or ")} is away, too.

${redis()}

## Kafka

What is in no row is away: records are in order, so one that the broker did not take is sent again before any other is.

${brokers()}

## The data platform

2xx is *delivered*. Any other 4xx and every 3xx is *denied*, any other status *failing*. *Refused* is poison; *busy* and *failing* are away;
*denied* is blocked. [The contract](../data-platform.md) says it from the platform's side.

${platform()}

## Why a process is not ready

\`/ready\` answers 503 with these codes in \`codes\`, and what is meant in \`why\`; \`sluice_not_ready{reason}\` is 1 for each.

${readiness()}
`;
