/** Reads docker-compose.yml: the settings of every service, as the native start needs them. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";

/** One service of the compose file. */
export interface ComposeService {
  readonly name: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The words of `command`, `$$` already turned into `$`. */
  readonly command: readonly string[];
  readonly ports: readonly PublishedPort[];
}

/** A port of a container and where it is published on the host. */
export interface PublishedPort {
  readonly host: string;
  readonly published: number;
  readonly container: number;
}

/** The services by name. */
export type ComposeFile = Readonly<Record<string, ComposeService>>;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
// Only the long-known spellings that our file uses: maps for environment, lists for command and ports.
const serviceSchema = z.object({
  image: z.string(),
  environment: z.record(z.string(), scalar).default({}),
  command: z.array(scalar).default([]),
  ports: z.array(z.string()).default([]),
});
const fileSchema = z.object({ services: z.record(z.string(), serviceSchema) });

/**
 * Reads the text of a compose file.
 * @throws ZodError where a service is spelt in a way this reader does not know.
 */
export function parseCompose(text: string): ComposeFile {
  const { services } = fileSchema.parse(parse(text, { merge: true }));
  return Object.fromEntries(
    Object.entries(services).map(([name, { image, environment, command, ports }]) => [
      name,
      {
        name,
        image,
        environment: mapValues(environment, unescapeDollars),
        command: command.map(unescapeDollars),
        ports: ports.map(parsePort),
      },
    ]),
  );
}

/** The compose file on disk. @throws ZodError as `parseCompose` does. */
export async function readCompose(path: string): Promise<ComposeFile> {
  return parseCompose(await readFile(path, "utf8"));
}

/** The service `name`. @throws Error when the file has none of that name. */
export function serviceOf(compose: ComposeFile, name: string): ComposeService {
  const service = compose[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

/** One variable of a service. @throws Error when it is not set. */
export function variableOf(service: ComposeService, variable: string): string {
  const value = service.environment[variable];
  if (value === undefined) throw new Error(`docker-compose.yml: service ${service.name} does not set ${variable}`);
  return value;
}

/** The host port that leads to `container`. @throws Error when it is not published. */
export function publishedPort(service: ComposeService, container: number): number {
  const port = service.ports.find((candidate) => candidate.container === container);
  if (port === undefined) throw new Error(`docker-compose.yml: service ${service.name} does not publish ${container}`);
  return port.published;
}

/** The brokers of the file, in the order of their names. */
export function brokersOf(compose: ComposeFile): readonly ComposeService[] {
  return Object.values(compose)
    .filter(({ name }) => /^kafka-\d+$/.test(name))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function parsePort(text: string): PublishedPort {
  const match = /^(?<host>[\d.]+):(?<published>\d+):(?<container>\d+)$/.exec(text);
  if (match?.groups === undefined) throw new Error(`docker-compose.yml: expected address:port:port, got ${text}`);
  const { host = "", published, container } = match.groups;
  return { host, published: Number(published), container: Number(container) };
}

/** Compose reads `$$` as a dollar sign and `$X` as a variable; our file has no variables. */
function unescapeDollars(text: string): string {
  return text.replaceAll("$$", "$");
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
