/** Declares an outbox: a source of records that is a table, not a topic. An application lists it beside its topologies. */
import type { Topic } from "../avro/topic.ts";
import type { DrawnOutbox } from "../flow/arrows.ts";

/** A declared outbox. Holds no client, so it can be listed, applied and tested without a database. */
export interface OutboxDefinition<Value, Published> {
  readonly kind: "outbox";
  /** Unique in an application: for log lines. Kebab-case. */
  readonly name: string;
  /** Where its rows are published. Rows whose records have equal keys are published in the order of their numbers. */
  readonly topic: Topic<Published>;
  /** The record of a row's value. Pure: a row may be published more than once, and must give the same record each time. */
  readonly project: (value: Value) => Published;
}

/** Declares an outbox, to be published by `startRelay`. */
export const defineOutbox = <Value, Published>(
  definition: Omit<OutboxDefinition<Value, Published>, "kind">,
): OutboxDefinition<Value, Published> => ({ kind: "outbox", ...definition });

/** An outbox as drawings of a topology show it. */
export const drawnOutbox = <Value, Published>({
  name,
  topic,
  project,
}: OutboxDefinition<Value, Published>): DrawnOutbox => ({ name, topic: topic.name, project: project.name });
