/** Turns a broker of the compose file into a native one: its server.properties, its storage and its command line. */
import { join } from "node:path";
import type { ComposeService } from "./compose.ts";
import { variableOf } from "./compose.ts";
import type { Layout } from "../layout.ts";
import type { Launch } from "../services/service.ts";

/** Where a native broker listens: a port of 127.0.0.1 for each listener name of the compose file. */
export interface BrokerAddress {
  readonly name: string;
  readonly nodeId: number;
  readonly ports: Readonly<Record<string, number>>;
}

export type Properties = Readonly<Record<string, string>>;

// The variables which cp-kafka's template (kafka.properties.template) keeps out of server.properties.
const notProperties = /^KAFKA_(VERSION|HEAP_OPTS|OPTS|JMX_OPTS|JVM_PERFORMANCE_OPTS|GC_LOG_OPTS|(TOOLS_)?LOG4J_.*)$/;

/**
 * The properties cp-kafka makes of its environment: KAFKA_ is dropped, `_` becomes a dot, `__` an underscore,
 * `___` a hyphen.
 */
export function propertiesOf(environment: Readonly<Record<string, string>>): Properties {
  const separators: Readonly<Record<string, string>> = { ___: "-", __: "_", _: "." };
  const named = Object.entries(environment)
    .filter(([variable]) => variable.startsWith("KAFKA_") && !notProperties.test(variable))
    .map(([variable, value]) => {
      const name = variable.slice("KAFKA_".length).replaceAll(/_{1,3}/g, (run) => separators[run] ?? run);
      return [name.toLowerCase(), value] as const;
    });
  return Object.fromEntries(named);
}

/** The node id and the listener names of a broker, as the compose file has them. */
export function describeBroker(service: ComposeService): {
  readonly nodeId: number;
  readonly listeners: readonly string[];
} {
  return {
    nodeId: Number(variableOf(service, "KAFKA_NODE_ID")),
    listeners: parseListeners(variableOf(service, "KAFKA_LISTENERS")).map(({ name }) => name),
  };
}

/**
 * The server.properties of one native broker: what the compose file says, with every address rewritten to 127.0.0.1
 * and the ports of `cluster`, and no factor above the number of brokers.
 * @throws Error when the compose file names a voter or a listener that `cluster` has not.
 */
export function nativeProperties(
  service: ComposeService,
  own: BrokerAddress,
  cluster: { readonly brokers: readonly BrokerAddress[]; readonly dataDirectory: string },
): Properties {
  const composed = propertiesOf(service.environment);
  const controller = composed["controller.listener.names"] ?? "CONTROLLER";
  return {
    ...limitFactors(composed, cluster.brokers.length),
    listeners: rewriteListeners(variableOf(service, "KAFKA_LISTENERS"), own),
    "advertised.listeners": rewriteListeners(variableOf(service, "KAFKA_ADVERTISED_LISTENERS"), own),
    "controller.quorum.voters": cluster.brokers
      .map((broker) => `${broker.nodeId}@127.0.0.1:${portOf(broker, controller)}`)
      .join(","),
    "log.dirs": cluster.dataDirectory,
  };
}

/** One broker cannot hold three copies: replication factors and minimum in-sync counts stay within the cluster. */
function limitFactors(properties: Properties, brokers: number): Properties {
  const isFactor = (name: string) => /(replication\.factor|min\.isr|min\.insync\.replicas)$/.test(name);
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isFactor(name) ? String(Math.min(Number(value), brokers)) : value,
    ]),
  );
}

function parseListeners(text: string): readonly { readonly name: string }[] {
  return text.split(",").map((listener) => {
    const name = /^(?<name>[A-Z_]+):\/\/[^:/]*:\d+$/.exec(listener.trim())?.groups?.["name"];
    if (name === undefined) throw new Error(`docker-compose.yml: expected NAME://host:port, got ${listener}`);
    return { name };
  });
}

function rewriteListeners(text: string, broker: BrokerAddress): string {
  return parseListeners(text)
    .map(({ name }) => `${name}://127.0.0.1:${portOf(broker, name)}`)
    .join(",");
}

function portOf(broker: BrokerAddress, listener: string): number {
  const port = broker.ports[listener];
  if (port === undefined) throw new Error(`broker ${broker.name} has no port for listener ${listener}`);
  return port;
}

/** A Java properties file. Backslashes and line ends are escaped; names never hold a separator. */
export function formatProperties(properties: Properties): string {
  const lines = Object.entries(properties).map(
    ([name, value]) => `${name}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
  );
  return `${lines.sort().join("\n")}\n`;
}

/** The meta.properties of a formatted log directory, as `kafka-storage format` writes it (version 1 in 4.0). */
export function storageMetadata(ids: {
  readonly clusterId: string;
  readonly directoryId: string;
  readonly nodeId: number;
}): Properties {
  return {
    version: "1",
    "cluster.id": ids.clusterId,
    "node.id": String(ids.nodeId),
    "directory.id": ids.directoryId,
  };
}

/** The command line of a broker. The heap and the collector are the compose file's. */
export function brokerLaunch(
  service: ComposeService,
  layout: Layout,
  jvm: { readonly java: string; readonly libraries: string; readonly flags: readonly string[] },
): Launch {
  const options = ["KAFKA_HEAP_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS"].flatMap((variable) =>
    words(variableOf(service, variable)),
  );
  const config = join(import.meta.dirname, "log4j2.properties");
  return {
    command: jvm.java,
    args: [
      ...options,
      ...jvm.flags,
      `-Dlog4j2.configurationFile=${config}`,
      "-cp",
      join(jvm.libraries, "*"),
      "kafka.Kafka",
      layout.config(`${service.name}.properties`),
    ],
    cwd: layout.logs,
    environment: {},
  };
}

/** The words of a list of options. Ours hold no quotes. */
export function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
