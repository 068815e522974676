/** Finds the programs the native start needs, and names all that are missing in one error. */
import { access, constants, readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliError } from "../../../engine/app/cli.ts";

/** An installed Java. */
export interface Java {
  /** The executable. */
  readonly path: string;
  /** The folder that JAVA_HOME would name. */
  readonly home: string;
  /** The major version, such as 21. */
  readonly major: number;
  /** The whole version, such as `21.0.7`. */
  readonly version: string;
}

/** The programs, as absolute paths. */
export interface Tools {
  readonly java: Java;
  readonly mariadbd: string;
  readonly mariadbInstallDb: string;
  readonly redisServer: string;
  /** Needed only where something has to be fetched. */
  readonly mvn: string | undefined;
}

/** What brokers need (Kafka 4.0). */
export const javaMinimum = 17;

/** The Debian and Ubuntu package which brings each program. */
const packages = {
  java: "default-jre-headless",
  mvn: "maven",
  mariadbd: "mariadb-server",
  "mariadb-install-db": "mariadb-server",
  "redis-server": "redis-server",
} as const;

/** The places to look for programs and for Java. */
export interface Places {
  /** The folders of PATH. */
  readonly path: readonly string[];
  readonly javaHome: string | undefined;
  /** The folder in which each folder is a Java. */
  readonly jvms: string;
}

/** The places of an environment. Servers live in sbin, which is not on everybody's PATH. */
export function placesOf(environment: Readonly<Record<string, string | undefined>>): Places {
  const path = (environment["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return {
    path: [...new Set([...path, "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"])],
    javaHome: environment["JAVA_HOME"],
    jvms: "/usr/lib/jvm",
  };
}

/**
 * Finds the programs; `mvn` is demanded only where something is to be fetched, which the Java decides: without one it is.
 * @throws CliError naming every program that is missing and the command that installs it.
 */
export async function findTools(
  places: Places,
  isProvisioned: (javaMajor: number) => Promise<boolean>,
): Promise<Tools> {
  const find = (name: string) => findProgram(name, places.path);
  const [javas, mvn, mariadbd, mariadbInstallDb, redisServer] = await Promise.all([
    findJavas(places),
    find("mvn"),
    find("mariadbd"),
    find("mariadb-install-db"),
    find("redis-server"),
  ]);
  const java = newestJava(javas);
  const isFetching = java === undefined || !(await isProvisioned(java.major));
  const servers = mariadbd !== undefined && mariadbInstallDb !== undefined && redisServer !== undefined;
  if (java === undefined || !servers || (isFetching && mvn === undefined)) {
    const found = { java, mariadbd, "mariadb-install-db": mariadbInstallDb, "redis-server": redisServer };
    throw missingTools(isFetching ? { ...found, mvn } : found, javas);
  }
  return { java, mvn, mariadbd, mariadbInstallDb, redisServer };
}

/** The newest of the Javas that are new enough; of equals the first. */
export function newestJava(javas: readonly Java[]): Java | undefined {
  const [newest] = javas.filter(({ major }) => major >= javaMinimum).sort((a, b) => b.major - a.major);
  return newest;
}

/** One error about every program whose value is undefined. */
export function missingTools(
  found: Partial<Readonly<Record<keyof typeof packages, unknown>>>,
  javas: readonly Java[] = [],
): CliError {
  const missing = (Object.keys(packages) as (keyof typeof packages)[]).filter(
    (name) => name in found && found[name] === undefined,
  );
  const lines = missing.map((name) => {
    const tooOld = name === "java" && javas.length > 0 ? `, found ${javas.map(({ major }) => major).join(", ")}` : "";
    const label = name === "java" ? `java (${javaMinimum} or later${tooOld})` : name;
    return `  ${label.padEnd(22)}  apt-get install ${packages[name]}`;
  });
  const names = [...new Set(missing.map((name) => packages[name]))].join(" ");
  return new CliError(`the stack needs programs that are not installed:\n${lines.join("\n")}`, {
    code: "STACK_TOOLS_MISSING",
    fix:
      `All at once: sudo apt-get install ${names}\nOr with Docker and nothing else: docker compose up --wait\n` +
      "Or with nothing else at all, smaller and in memory: npm start -- --embedded",
  });
}

/** The first executable of this name in these folders. */
export async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Every Java of JAVA_HOME, of PATH and of the folder of JVMs, in that order. */
async function findJavas(places: Places): Promise<readonly Java[]> {
  const installed = (await readdir(places.jvms).catch(() => [])).sort();
  const candidates = [
    ...(places.javaHome === undefined ? [] : [join(places.javaHome, "bin/java")]),
    ...places.path.map((folder) => join(folder, "java")),
    ...installed.map((folder) => join(places.jvms, folder, "bin/java")),
  ];
  const paths = await Promise.all(candidates.map((path) => realpath(path).catch(() => undefined)));
  const unique = [...new Set(paths.filter((path) => path !== undefined))];
  const javas = await Promise.all(unique.map(describeJava));
  return javas.filter((java) => java !== undefined);
}

/** Reads the version from the `release` file that every JDK has had since 9, which is faster than to ask the JVM. */
async function describeJava(path: string): Promise<Java | undefined> {
  const home = dirname(dirname(path));
  const found = parseJavaRelease(await readFile(join(home, "release"), "utf8").catch(() => ""));
  return found === undefined || !(await isExecutable(path)) ? undefined : { path, home, ...found };
}

/** The version in a `release` file; the major one is 17 for `JAVA_VERSION="17.0.15"` and 8 for `"1.8.0_392"`. */
export function parseJavaRelease(text: string): { readonly major: number; readonly version: string } | undefined {
  const version = /^JAVA_VERSION="([\w.+-]+)"/m.exec(text)?.[1];
  if (version === undefined) return undefined;
  return { major: Number.parseInt(version.replace(/^1\./, ""), 10), version };
}
