/** Decides a whole stack before anything is started: which services, on which ports, with which files and flags. */
import { join } from "node:path";
import { brokersOf, type ComposeFile, type ComposeService, publishedPort, serviceOf } from "./kafka/compose.ts";
import type { StackEndpoints } from "./endpoints.ts";
import {
  type BrokerAddress,
  brokerLaunch,
  describeBroker,
  formatProperties,
  nativeProperties,
  propertiesOf,
  storageMetadata,
} from "./kafka/kafka.ts";
import type { Layout } from "./layout.ts";
import type { PortNeed } from "./ports.ts";
import {
  mariadbInitSql,
  mariadbLaunch,
  mariadbUrl,
  redisLaunch,
  registryLaunch,
  registryPath,
} from "./services/servers.ts";
import type { ServicePlan } from "./services/service.ts";

// The ports inside the containers, as the images document them.
const containerPorts = { broker: 9092, registry: 8080, mariadb: 3306, redis: 6379 } as const;

/** What a plan is made from. */
export interface PlanInput {
  readonly compose: ComposeFile;
  readonly layout: Layout;
  /** 1 or all that the compose file has. */
  readonly brokers: number;
  /** By the keys of `portNeeds`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly programs: {
    readonly java: string;
    readonly kafkaLibraries: string;
    readonly registryJar: string;
    readonly mariadbd: string;
    readonly redisServer: string;
    readonly asRoot: boolean;
  };
  /** Flags for one kind of JVM each, such as a class archive. */
  readonly jvmFlags: { readonly kafka: readonly string[]; readonly registry: readonly string[] };
  /** Random: a cluster's id, and one for each log directory. 22 characters of base64url. */
  readonly randomId: () => string;
  /** More flags for the command line of a service, for tests that want it to fail. */
  readonly extraFlags?: Readonly<Record<string, readonly string[]>>;
}

/** A stack, decided but not started. */
export interface StackPlan {
  readonly services: readonly ServicePlan[];
  /** Text files to write first, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly endpoints: StackEndpoints;
  readonly offsetsPartitions: number;
}

/** The ports a stack needs; those that clients use would like to be the published ones of the compose file. */
export function portNeeds(compose: ComposeFile, brokers: number): readonly PortNeed[] {
  const ofBroker = (service: ComposeService): readonly PortNeed[] =>
    describeBroker(service).listeners.map((listener) => ({
      key: `${service.name} ${listener}`,
      ...(listener === "EXTERNAL" ? { preferred: publishedPort(service, containerPorts.broker) } : {}),
    }));
  const ofServer = (name: "registry" | "mariadb" | "redis"): PortNeed => ({
    key: name,
    preferred: publishedPort(serviceOf(compose, name), containerPorts[name]),
  });
  return [
    ...brokersOf(compose).slice(0, brokers).flatMap(ofBroker),
    ofServer("registry"),
    { key: "registry management" },
    ofServer("mariadb"),
    ofServer("redis"),
  ];
}

/** Decides everything. Pure but for `randomId`. @throws Error when the compose file lacks what the native start needs. */
export function planStack(input: PlanInput): StackPlan {
  const brokers = brokersOf(input.compose)
    .slice(0, input.brokers)
    .map((service) => ({ service, address: addressOf(service, input.ports) }));
  const endpoints = endpointsOf(input, brokers);
  const clusterId = input.randomId();
  const services = [...brokers.map((broker) => planBroker(broker, clusterId, input)), ...planServers(input, endpoints)];
  return {
    services: services.map((service) => withFlags(service, input.extraFlags?.[service.name] ?? [])),
    files: {
      ...brokerFiles(brokers, clusterId, input),
      [input.layout.config("mariadb.sql")]: mariadbInitSql(serviceOf(input.compose, "mariadb")),
    },
    endpoints,
    offsetsPartitions: offsetsPartitionsOf(brokers),
  };
}

/** A broker of the compose file and where it listens natively. */
interface Broker {
  readonly service: ComposeService;
  readonly address: BrokerAddress;
}

function addressOf(service: ComposeService, ports: PlanInput["ports"]): BrokerAddress {
  const { nodeId, listeners } = describeBroker(service);
  const own = listeners.map((listener) => [listener, portOf(ports, `${service.name} ${listener}`)]);
  return { name: service.name, nodeId, ports: Object.fromEntries(own) };
}

function clientPort({ address }: Broker): number {
  return portOf(address.ports, "EXTERNAL");
}

function endpointsOf({ compose, ports }: PlanInput, brokers: readonly Broker[]): StackEndpoints {
  return {
    brokers: brokers.map((broker) => `127.0.0.1:${clientPort(broker)}`),
    registryUrl: `http://127.0.0.1:${portOf(ports, "registry")}${registryPath}`,
    databaseUrl: mariadbUrl(serviceOf(compose, "mariadb"), portOf(ports, "mariadb")),
    redisUrl: `redis://127.0.0.1:${portOf(ports, "redis")}`,
  };
}

/** The server.properties and the meta.properties of every broker. */
function brokerFiles(
  brokers: readonly Broker[],
  clusterId: string,
  { layout, randomId }: PlanInput,
): Readonly<Record<string, string>> {
  const addresses = brokers.map(({ address }) => address);
  const files = brokers.flatMap(({ service, address }) => {
    const dataDirectory = layout.data(service.name);
    const settings = nativeProperties(service, address, { brokers: addresses, dataDirectory });
    const storage = storageMetadata({ clusterId, nodeId: address.nodeId, directoryId: randomId() });
    return [
      [layout.config(`${service.name}.properties`), formatProperties(settings)],
      [join(dataDirectory, "meta.properties"), formatProperties(storage)],
    ];
  });
  return Object.fromEntries(files);
}

function planBroker(
  broker: Broker,
  clusterId: string,
  { layout, brokers, programs, jvmFlags }: PlanInput,
): ServicePlan {
  const { service } = broker;
  const port = clientPort(broker);
  return {
    name: service.name,
    port,
    log: layout.log(service.name),
    launch: brokerLaunch(service, layout, {
      java: programs.java,
      libraries: programs.kafkaLibraries,
      flags: [...commonJvmFlags(layout), ...jvmFlags.kafka],
    }),
    probe: { kind: "kafka", port, brokers, clusterId },
  };
}

function planServers(
  { compose, layout, ports, programs, jvmFlags }: PlanInput,
  { registryUrl, databaseUrl }: StackEndpoints,
): readonly ServicePlan[] {
  const registry = portOf(ports, "registry");
  const mariadb = portOf(ports, "mariadb");
  const redis = portOf(ports, "redis");
  return [
    {
      name: "registry",
      port: registry,
      log: layout.log("registry"),
      launch: registryLaunch(serviceOf(compose, "registry"), layout, {
        java: programs.java,
        jar: programs.registryJar,
        flags: [...commonJvmFlags(layout), ...jvmFlags.registry],
        ports: { http: registry, management: portOf(ports, "registry management") },
      }),
      probe: { kind: "registry", url: registryUrl },
    },
    {
      name: "mariadb",
      port: mariadb,
      log: layout.log("mariadb"),
      launch: mariadbLaunch(serviceOf(compose, "mariadb"), layout, { ...programs, port: mariadb }),
      probe: { kind: "mariadb", url: databaseUrl },
    },
    {
      name: "redis",
      port: redis,
      log: layout.log("redis"),
      launch: redisLaunch(serviceOf(compose, "redis"), layout, { ...programs, port: redis }),
      probe: { kind: "redis", port: redis },
    },
  ];
}

/** What a killed JVM would leave in the machine's /tmp: its performance file and the native libraries it unpacked. */
function commonJvmFlags(layout: Layout): readonly string[] {
  return ["-XX:-UsePerfData", `-Djava.io.tmpdir=${layout.temporary}`];
}

function withFlags(service: ServicePlan, flags: readonly string[]): ServicePlan {
  return { ...service, launch: { ...service.launch, args: [...service.launch.args, ...flags] } };
}

function offsetsPartitionsOf(brokers: readonly Broker[]): number {
  const [first] = brokers;
  // 50: Kafka's default.
  return Number(propertiesOf(first?.service.environment ?? {})["offsets.topic.num.partitions"] ?? 50);
}

function portOf(ports: Readonly<Record<string, number>>, key: string): number {
  const port = ports[key];
  if (port === undefined) throw new Error(`no port was chosen for ${key}`);
  return port;
}
