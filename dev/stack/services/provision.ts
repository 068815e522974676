/** Brings Kafka and the registry into the cache, once: through `mvn`, complete or not at all. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatProperties } from "../kafka/kafka.ts";
import { cacheDirectory } from "../layout.ts";
import { withLock } from "../lock.ts";
import { runTool } from "./run-tool.ts";
import type { Java, Tools } from "./tools.ts";

const pom = join(import.meta.dirname, "pom.xml");

/** What the cache holds for one Java. */
export interface Provisions {
  /** The folder of the broker's jars. */
  readonly kafkaLibraries: string;
  /** A freshly formatted log directory's record of Kafka's features. It is the same for every node. */
  readonly bootstrapCheckpoint: string;
  readonly registryJar: string;
  readonly kafkaVersion: string;
  readonly registryVersion: string;
}

/** The versions that pom.xml names. */
export interface Versions {
  readonly kafka: string;
  readonly registry: string;
  /** The registry for a Java below 21. */
  readonly registryJava17: string;
}

/** Reads the versions of a pom. @throws Error when one is missing. */
export function parseVersions(text: string): Versions {
  const property = (name: string) => {
    const value = new RegExp(`<${name.replaceAll(".", "\\.")}>([^<$]+)</`).exec(text)?.[1];
    if (value === undefined) throw new Error(`pom.xml does not set ${name}`);
    return value;
  };
  return {
    kafka: property("kafka.version"),
    registry: property("registry.version"),
    registryJava17: property("registry.java17.version"),
  };
}

/** The version of the registry that runs on a Java: 3.2.1 and later need 21. */
export function registryVersionFor(versions: Versions, javaMajor: number): string {
  return javaMajor >= 21 ? versions.registry : versions.registryJava17;
}

/** Where things are, or will be, in the cache. */
async function cachePaths(javaMajor: number) {
  const versions = parseVersions(await readFile(pom, "utf8"));
  const registryVersion = registryVersionFor(versions, javaMajor);
  return {
    versions: { kafka: versions.kafka, registry: registryVersion },
    kafka: join(cacheDirectory, `kafka-${versions.kafka}`),
    registry: join(cacheDirectory, `registry-${registryVersion}`),
  };
}

/** Whether everything for this Java is in the cache, so that `mvn` is not needed. */
export async function isProvisioned(javaMajor: number): Promise<boolean> {
  const { kafka, registry } = await cachePaths(javaMajor);
  return existsSync(kafka) && existsSync(registry);
}

/**
 * Fetches what is not there yet. Idempotent; may run in several processes at once, one fetches and the others wait.
 * @throws CliError when `mvn` fails.
 */
export async function provision(
  tools: Tools,
  about: {
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): Promise<Provisions> {
  const paths = await cachePaths(tools.java.major);
  const environment = { ...about.environment, JAVA_HOME: tools.java.home };
  const fetch = (execution: string, directory: string, properties: readonly string[] = []) => ({
    name: "mvn",
    command: tools.mvn ?? "mvn",
    args: ["-B", "-f", pom, `dependency:${execution}`, `-Dfetch.directory=${directory}`, ...properties],
    environment,
    log: join(cacheDirectory, `mvn-${execution.replace(/.*@/, "")}.log`),
  });
  await makeOnce(paths.kafka, about.signal, async (directory) => {
    about.say(`fetching Kafka ${paths.versions.kafka} from Maven Central: 42 MB, once, usually under a minute`);
    await runTool(fetch("copy-dependencies@kafka", join(directory, "lib")), about.signal);
    await formatStorage(tools.java, directory, { environment, signal: about.signal });
  });
  await makeOnce(paths.registry, about.signal, async (directory) => {
    const version = paths.versions.registry;
    about.say(`fetching Apicurio Registry ${version} from Maven Central: 160 MB, once, usually under two minutes`);
    await runTool(fetch("unpack@registry", directory, [`-Dregistry.fetch.version=${version}`]), about.signal);
    await findJar(directory);
  });
  return {
    kafkaLibraries: join(paths.kafka, "lib"),
    bootstrapCheckpoint: join(paths.kafka, "storage", "bootstrap.checkpoint"),
    registryJar: await findJar(paths.registry),
    kafkaVersion: paths.versions.kafka,
    registryVersion: paths.versions.registry,
  };
}

/**
 * Makes a folder of the cache: in a folder beside it, which gets its name only when it is complete. What an earlier
 * process left half done is removed. One process makes it, others wait.
 * @throws whatever `make` throws; CliError (conflict) when another process is at it for ten minutes.
 */
export async function makeOnce(
  target: string,
  signal: AbortSignal,
  make: (directory: string) => Promise<void>,
): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  // Ten minutes: the slowest download another process may be at.
  await withLock(target, { waitMs: 600_000, signal }, async () => {
    if (existsSync(target)) return;
    const unfinished = `${target}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await make(unfinished);
    await rename(unfinished, target);
  });
}

/**
 * Formats a log directory once and keeps it. Formatting writes the same bytes for every node but for the ids, which
 * `storageMetadata` writes, and a JVM for each broker of each start would take longer than Kafka's own start.
 */
async function formatStorage(
  java: Java,
  directory: string,
  {
    environment,
    signal,
  }: { readonly environment: Readonly<Record<string, string | undefined>>; readonly signal: AbortSignal },
): Promise<void> {
  const config = join(directory, "format.properties");
  const node = "1@127.0.0.1:9093";
  await writeFile(
    config,
    formatProperties({
      "process.roles": "broker,controller",
      "node.id": "1",
      "controller.quorum.voters": node,
      "controller.listener.names": "CONTROLLER",
      listeners: "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "log.dirs": join(directory, "storage"),
    }),
  );
  const clusterId = "c2x1aWNlLWZvcm1hdC0wMQ";
  const main = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config];
  await runTool(
    {
      name: "kafka-storage format",
      command: java.path,
      args: ["-cp", join(directory, "lib", "*"), ...main],
      environment,
      log: join(directory, "format.log"),
    },
    signal,
  );
}

/** The jar that starts the registry: `quarkus-run.jar` in release 3, `...-runner.jar` in 2.6. */
async function findJar(directory: string): Promise<string> {
  const jar = (await readdir(directory)).find((name) => name === "quarkus-run.jar" || name.endsWith("-runner.jar"));
  if (jar === undefined) throw new Error(`${basename(directory)} holds no jar that starts the registry`);
  return join(directory, jar);
}
