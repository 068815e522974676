/** docs/reference/topics.md and the AsyncAPI documents beside it, made from the declared topologies. */
import { drawTopology } from "../../engine/app/draw-topology.ts";
import type { AvroJson } from "../../engine/avro/avro.ts";
import { subjectOf } from "../../engine/avro/topic.ts";
import type { DeclaredTopic } from "../../engine/deploy/plan/desired.ts";
import { topicSettings } from "../../engine/deploy/plan/topic-settings.ts";
import { usersOf } from "../../engine/evolution/advice.ts";
import { app } from "../../sluice.config.ts";
import { code, madeFrom, table } from "./markdown.ts";

type AvroObject = Extract<AvroJson, { readonly [key: string]: AvroJson | undefined }>;
const isObject = (avro: AvroJson | undefined): avro is AvroObject =>
  typeof avro === "object" && avro !== null && !Array.isArray(avro);

/** A type of Avro in a few words. */
const typeText = (avro: AvroJson | undefined): string => {
  if (Array.isArray(avro)) return avro.map(typeText).join(" or ");
  if (!isObject(avro)) return code(String(avro));
  if (typeof avro["logicalType"] === "string") return `${typeText(avro["type"])}, ${avro["logicalType"]}`;
  if (Array.isArray(avro["symbols"]))
    return `one of ${avro["symbols"].map((symbol) => code(String(symbol))).join(", ")}`;
  if (avro["type"] === "array") return `list of ${typeText(avro["items"])}`;
  return typeof avro["name"] === "string" ? code(avro["name"]) : typeText(avro["type"]);
};

const fieldRows = (avro: AvroJson): readonly (readonly string[])[] => {
  const fields = isObject(avro) ? avro["fields"] : [];
  return (Array.isArray(fields) ? fields : []).map((field) =>
    isObject(field) ? [code(String(field["name"])), typeText(field["type"])] : [],
  );
};

const nameOf = (avro: AvroJson): string =>
  isObject(avro) ? `${String(avro["namespace"])}.${String(avro["name"])}` : "";

const days = (ms: string | undefined): string =>
  ms === undefined || ms === "-1" ? "for ever" : `${Number(ms) / 86_400_000} days`;

const useOf = (topic: DeclaredTopic): string => {
  const graphs = app.topologies.map(({ topology }) => topology.graph);
  const { readers, writers } = usersOf(topic.name, graphs);
  const relays = (app.outboxes ?? []).filter((outbox) => outbox.topic.name === topic.name).map(({ name }) => name);
  const listed = (what: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [`${what} ${names.map(code).join(", ")}`];
  return [
    ...listed("written by", writers),
    ...listed("published by the outbox", relays),
    ...(writers.length === 0 && relays.length === 0 ? ["written by the API"] : []),
    ...listed("read by", readers),
  ].join("; ");
};

const section = (topic: DeclaredTopic): string => {
  const kept = days({ ...topicSettings, ...topic.config }["retention.ms"]);
  const { avro } = topic.schema;
  return `## ${topic.name}

${code(nameOf(avro))}, subject ${code(subjectOf(topic))}; ${useOf(topic)}. Keyed by ${code(topic.keyedBy ?? "a computed key")}; ${topic.partitions} partitions; kept ${kept}.

${table(["field", "type"], fieldRows(avro))}`;
};

const documentOf = (name: string): string => `asyncapi/${name}.json`;

/** The page. */
export const topicsPage = (): string => `# Topics and records

${madeFrom("the declared topologies")}

As AsyncAPI 3.0, which has the whole schemas: ${app.topologies
  .map(({ topology }) => topology.graph.name)
  .map((name) => `[${name}](${documentOf(name)})`)
  .join(", ")}; \`topology graph --format asyncapi\` writes the same. Each topology has \`<topology>.dlq\` and
\`<topology>.retry\` beside these: [headers](dead-letter-headers.md). A value is a byte 0, the four of the schema's id, then Avro; a key is UTF-8.

${app.allTopics.map(section).join("\n\n")}

## Settings of every topic

[Deploying](../deploying.md#settings-the-promises-rest-on) says what rests on them.

${table(
  ["setting", "value"],
  Object.entries(topicSettings).map(([name, value]) => [code(name), code(value)]),
)}
`;

/** The documents, by their place. */
export const asyncApiTexts: Readonly<Record<string, () => Promise<string>>> = Object.fromEntries(
  app.topologies.map(({ topology: { graph } }) => [
    `docs/reference/${documentOf(graph.name)}`,
    () => drawTopology(graph, [], "asyncapi"),
  ]),
);
