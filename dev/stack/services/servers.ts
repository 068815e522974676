/** Turns the registry, the database and Redis of the compose file into native command lines. */
import { join } from "node:path";
import type { ComposeService } from "../kafka/compose.ts";
import { variableOf } from "../kafka/compose.ts";
import { words } from "../kafka/kafka.ts";
import type { Layout } from "../layout.ts";
import type { Launch } from "./service.ts";

/** The path of the Confluent-compatible API under the registry's address. */
export const registryPath = "/apis/ccompat/v7";

/**
 * The registry. Its management port is bound too: two registries on one machine would want the same one, and on all
 * addresses.
 */
export function registryLaunch(
  service: ComposeService,
  layout: Layout,
  jvm: {
    readonly java: string;
    readonly jar: string;
    readonly flags: readonly string[];
    readonly ports: { readonly http: number; readonly management: number };
  },
): Launch {
  const { JAVA_OPTS_APPEND: options = "", GC_CONTAINER_OPTIONS: collector = "", ...settings } = service.environment;
  // The settings of the database follow its path, after a semicolon.
  const [, ...databaseSettings] = variableOf(service, "APICURIO_DATASOURCE_URL").split(";");
  const file = join(layout.data(service.name), "registry");
  const native = {
    ...settings,
    APICURIO_DATASOURCE_URL: [`jdbc:h2:file:${file}`, ...databaseSettings].join(";"),
    QUARKUS_HTTP_HOST: "127.0.0.1",
    QUARKUS_HTTP_PORT: String(jvm.ports.http),
    QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
    QUARKUS_MANAGEMENT_PORT: String(jvm.ports.management),
  };
  return {
    command: jvm.java,
    args: [...words(`${options} ${collector}`), ...jvm.flags, "-jar", jvm.jar],
    cwd: layout.logs,
    environment: jvm.jar.endsWith("-runner.jar") ? withOldPrefix(native) : native,
  };
}

/** Release 2.6, which a machine with only Java 17 gets, knows the same settings under REGISTRY_ in place of APICURIO_. */
function withOldPrefix(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name.replace(/^APICURIO_/, "REGISTRY_"), value]),
  );
}

/** The database. The compose file's flags come last, so that nothing here can override one of them unseen. */
export function mariadbLaunch(
  service: ComposeService,
  layout: Layout,
  native: { readonly mariadbd: string; readonly port: number; readonly asRoot: boolean },
): Launch {
  return {
    command: native.mariadbd,
    args: [
      // Must be first. The machine's own configuration belongs to another server.
      "--no-defaults",
      ...(native.asRoot ? ["--user=root"] : []),
      `--datadir=${layout.data(service.name)}`,
      `--tmpdir=${layout.temporary}`,
      `--port=${native.port}`,
      "--bind-address=127.0.0.1",
      // Relative to the data folder: the path of a socket may not be longer than 107 bytes, that of a clone may.
      "--socket=mariadb.sock",
      "--pid-file=mariadb.pid",
      `--init-file=${layout.config("mariadb.sql")}`,
      ...service.command,
    ],
    cwd: layout.logs,
    environment: {},
  };
}

/** What the image's entry point does with MARIADB_*: the schema, the user, and all rights on the schema. */
export function mariadbInitSql(service: ComposeService): string {
  const schema = quoteName(variableOf(service, "MARIADB_DATABASE"));
  const user = `${quoteText(variableOf(service, "MARIADB_USER"))}@'%'`;
  const password = quoteText(variableOf(service, "MARIADB_PASSWORD"));
  // Runs at every start, before the port is open; one statement a line is all an init file understands.
  return [
    `CREATE DATABASE IF NOT EXISTS ${schema};`,
    `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY ${password};`,
    `GRANT ALL ON ${schema}.* TO ${user};`,
    "",
  ].join("\n");
}

/** The address of the schema, with the development user's name and password in it. */
export function mariadbUrl(service: ComposeService, port: number): string {
  const url = new URL(`mysql://127.0.0.1:${port}/`);
  url.username = variableOf(service, "MARIADB_USER");
  url.password = variableOf(service, "MARIADB_PASSWORD");
  url.pathname = variableOf(service, "MARIADB_DATABASE");
  return url.href;
}

/** Redis, with its compose flags. */
export function redisLaunch(
  service: ComposeService,
  layout: Layout,
  native: { readonly redisServer: string; readonly port: number },
): Launch {
  const [, ...flags] = service.command;
  return {
    command: native.redisServer,
    args: [
      ...["--port", String(native.port), "--bind", "127.0.0.1", "--dir", layout.data(service.name)],
      // Redis shows its title by writing over its environment, and that carries the mark by which `down` finds it.
      ...["--set-proc-title", "no", "--daemonize", "no"],
      ...flags,
    ],
    cwd: layout.logs,
    environment: {},
  };
}

function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
