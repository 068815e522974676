/** Checks of a topology's records that need what only a running application has, such as a secret; beside those its topics declare. */
import type { Topic } from "../avro/topic.ts";
import type { AnyTopic, Parts } from "./parts.ts";

/** A check of one source's records, type erased; made by {@link sourceCheck}. */
export interface SourceCheck {
  /** The topic's name. */
  readonly topic: string;
  readonly wrong: NonNullable<AnyTopic["check"]>;
}

/**
 * A check of a topic's records: `wrong` says what is wrong with one, undefined where nothing is, as the topic's own `check` does,
 * which runs first. What it refuses is dead-lettered (`WRONG_RECORD`) before any step, and `dlq plan` says so of a letter. It must
 * answer the same for a record at every delivery, or a record that was decided becomes a dead letter when it is read again.
 */
export const sourceCheck = <T>(
  { name }: Topic<T>,
  wrong: (value: T, key: Buffer | null) => string | undefined,
): SourceCheck =>
  // Erasure: the signature has checked that the values are the topic's.
  ({ topic: name, wrong: wrong as SourceCheck["wrong"] });

/**
 * The same topology, whose sources are checked by these too. Its graph and hash stay: a check is no part of them.
 * @throws RangeError where a check is of a topic that the topology does not read
 */
export const withChecks = <T extends { readonly parts: Parts }>(topology: T, checks: readonly SourceCheck[]): T => {
  const { sources } = topology.parts;
  const stray = checks.find(({ topic }) => !sources.some(({ name }) => name === topic));
  if (stray !== undefined) throw new RangeError(`a check is of ${stray.topic}, which is no source of the topology`);
  const checked = sources.map((source) =>
    checks.filter(({ topic }) => topic === source.name).reduce((before, { wrong }) => joined(before, wrong), source),
  );
  return { ...topology, parts: { ...topology.parts, sources: checked } };
};

/**
 * What is wrong with a record of a source, undefined where nothing is. A check or an id that throws finds it wrong too: a record
 * stops nothing but itself, also one that its application's code did not expect.
 */
export const wrongIn = (
  source: Pick<AnyTopic, "check" | "id">,
  value: unknown,
  key: Buffer | null,
): string | undefined => {
  try {
    const wrong = source.check?.(value, key);
    if (wrong === undefined) source.id(value);
    return wrong;
  } catch (error) {
    return `its check failed: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const joined = (source: AnyTopic, wrong: SourceCheck["wrong"]): AnyTopic => ({
  ...source,
  check: (value, key) => source.check?.(value, key) ?? wrong(value, key),
});
