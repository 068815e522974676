/** What a kafkajs error means for a writer, for a commit, and for a subscription; error-table.ts has what each error of a broker means. Pure. */
import { AccessRefused, Fatal, InstanceFenced, PipelineError, Poison, Unavailable } from "../../errors.ts";
import { CommitRefused, type TopicPartition } from "../log.ts";
import { brokerErrorTypes } from "./error-table.ts";

/** The dependency's name in `Unavailable`. */
const who = "kafka";

/** The broker will never take these records: the code under which they are set aside. */
const poisonTypes: ReadonlyMap<string, string> = new Map(
  [...brokerErrorTypes("poison")].map((type) => [
    type,
    type.endsWith("_TOO_LARGE") ? "RECORD_TOO_LARGE" : "RECORD_INVALID",
  ]),
);

/** The membership that the commit was made with is over. */
const membershipTypes: ReadonlySet<string> = new Set([...brokerErrorTypes("membership"), "FENCED_INSTANCE_ID"]);

/** The deployment is wrong: no retry helps. */
const fatalTypes = brokerErrorTypes("fatal");
const fatalNames = new Set([
  "KafkaJSNotImplemented",
  "KafkaJSInvariantViolation",
  "KafkaJSServerDoesNotSupportApiKey",
  // kafkajs's consumer ends at these: a bug, ours or its.
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
]);

/** The broker answers, and refuses our user. */
const refusedTypes = brokerErrorTypes("refused");
const refusedName = "KafkaJSSASLAuthenticationError";

/** An error and its causes, outermost first. kafkajs wraps what it gives up on. */
const chainOf = (error: unknown): readonly object[] => {
  const chain: object[] = [];
  for (
    let at = error;
    typeof at === "object" && at !== null && chain.length < 10;
    at = "cause" in at ? at.cause : null
  ) {
    chain.push(at);
  }
  return chain;
};

const textOf = (error: unknown, field: "type" | "name" | "code"): readonly string[] =>
  chainOf(error).flatMap((one) => {
    const value: unknown = Reflect.get(one, field);
    return typeof value === "string" ? [value] : [];
  });

/** True when a protocol error of this type is the error or its cause. */
export const hasType = (error: unknown, type: string): boolean => textOf(error, "type").includes(type);

/** True when the brokers refuse who we are, or what we may do: an operator can set it right there. */
export const isRefused = (error: unknown): boolean =>
  error instanceof AccessRefused ||
  textOf(error, "type").some((type) => refusedTypes.has(type)) ||
  textOf(error, "name").includes(refusedName);

/** True when no retry and no rebuild will help. */
export const isFatal = (error: unknown): boolean =>
  (error instanceof PipelineError && error.disposition === "fatal") ||
  textOf(error, "type").some((type) => fatalTypes.has(type)) ||
  (textOf(error, "name").some((name) => fatalNames.has(name)) && !hasLostLastBroker(error));

/**
 * When the connection to the only broker that kafkajs knows ends while it is connecting, its pool removes that broker, has
 * no other to put in its place, and stumbles over `undefined`. That is an outage: a new instance starts from the list.
 */
const hasLostLastBroker = (error: unknown): boolean =>
  chainOf(error).some((one) => one instanceof TypeError && /[\\/]brokerPool\.js:/.test(one.stack ?? ""));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Any failure of a request that is no commit and no append. */
export const failureOf = (error: unknown, what: string): PipelineError => {
  if (error instanceof PipelineError) return error;
  if (hasType(error, "FENCED_INSTANCE_ID")) return new InstanceFenced(what, { cause: error });
  if (isRefused(error)) {
    const remedy = "check the credentials (SLUICE_KAFKA_*) and what their user may do there (ACLs)";
    return new AccessRefused(who, "KAFKA_REFUSED", `the brokers refuse us: ${what}: ${messageOf(error)}; ${remedy}`, {
      cause: error,
    });
  }
  if (isFatal(error)) return new Fatal("KAFKA_REFUSED", `${what}: ${messageOf(error)}`, { cause: error });
  return new Unavailable(who, `${what}: ${messageOf(error)}`, { cause: error });
};

/** A rejected append. Everything but poison leaves open whether it was written: even a denial may follow a first try. */
export const appendFailure = (error: unknown, to: TopicPartition, records: number): PipelineError => {
  const what = `appending ${records} record(s) to ${to.topic}/${to.partition}`;
  const poison = textOf(error, "type").flatMap((type) => poisonTypes.get(type) ?? [])[0];
  if (poison !== undefined) return new Poison(poison, `${what}: ${messageOf(error)}`, { cause: error });
  return failureOf(error, what);
};

/** A rejected commit. */
export const commitFailure = (error: unknown, groupId: string): CommitRefused | PipelineError => {
  const refusal = textOf(error, "type").find((type) => membershipTypes.has(type));
  if (refusal !== undefined) return new CommitRefused(`${groupId} answered ${refusal}`, { cause: error });
  if (error instanceof CommitRefused) return error;
  return failureOf(error, `committing offsets of ${groupId}`);
};

/** True when asking for the coordinator again may help. */
export const isCoordinatorLost = (error: unknown): boolean =>
  hasType(error, "NOT_COORDINATOR_FOR_GROUP") ||
  textOf(error, "name").some((name) =>
    ["KafkaJSConnectionError", "KafkaJSConnectionClosedError", "KafkaJSRequestTimeoutError"].includes(name),
  );
