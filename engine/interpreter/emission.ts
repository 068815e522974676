/** Makes the record that a value becomes on a topic: its key and its bytes. */
import type { AnyTopic } from "../flow/parts.ts";
import type { Emission, StepEnvironment } from "./round.ts";

/** The record of a topic that a value becomes. @throws Error where the value has no key or does not fit the schema. */
export const emissionOf = ({ encode }: StepEnvironment, sink: AnyTopic, value: unknown): Emission => ({
  sink,
  value,
  key: sink.key(value),
  bytes: encode(sink, value),
});
