// Which programs the native start finds, and what it says about those it does not.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { CliError } from "../../../engine/app/cli.ts";
import { findTools, newestJava, parseJavaRelease, placesOf } from "./tools.ts";

/** A folder with these executables and these Javas (folder name to version), and nothing else to be found. */
async function machine(t: TestContext, programs: readonly string[], javas: Readonly<Record<string, string>> = {}) {
  const root = await mkdtemp(join(tmpdir(), "sluice-tools-"));
  t.after(() => rm(root, { recursive: true }));
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: 0o755 });
  };
  for (const program of programs) await put(`bin/${program}`, "");
  for (const [name, version] of Object.entries(javas)) {
    await put(`jvm/${name}/release`, `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
    await put(`jvm/${name}/bin/java`, "");
  }
  return { root, places: { path: [join(root, "bin")], javaHome: undefined, jvms: join(root, "jvm") } };
}

const [fetched, notFetched] = [async () => true, async () => false];
const servers = ["mariadbd", "mariadb-install-db", "redis-server"];

test("findTools: takes the newest Java of the machine", async (t) => {
  const { root, places } = await machine(t, servers, { a: "17.0.15", b: "25.0.3", c: "21.0.7" });
  const { java } = await findTools(places, fetched);
  assert.deepEqual(java, {
    ...{ path: join(root, "jvm/b/bin/java"), home: join(root, "jvm/b") },
    ...{ major: 25, version: "25.0.3" },
  });
});

test("findTools: looks at JAVA_HOME too", async (t) => {
  const { root, places } = await machine(t, servers, { a: "21.0.7" });
  const elsewhere = { ...places, javaHome: join(root, "jvm/a"), jvms: "/nowhere" };
  assert.equal((await findTools(elsewhere, fetched)).java.major, 21);
});

test("findTools: names everything that is missing, and what installs it, in one error", async (t) => {
  const { places } = await machine(t, ["redis-server"]);
  const error = await findTools(places, notFetched).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof CliError);
  assert.equal(error.code, "STACK_TOOLS_MISSING");
  for (const [program, install] of [
    ["java", "apt-get install default-jre-headless"],
    ["mvn", "apt-get install maven"],
    ["mariadbd", "apt-get install mariadb-server"],
    ["mariadb-install-db", "apt-get install mariadb-server"],
  ]) {
    assert.match(error.message, new RegExp(`${program}.* ${install}`));
  }
  assert.doesNotMatch(error.message, /redis/);
  assert.match(error.fix ?? "", /apt-get install default-jre-headless maven mariadb-server\n/);
  assert.match(error.fix ?? "", /npm start -- --embedded$/);
});

test("findTools: wants mvn only where something has to be fetched", async (t) => {
  const { places } = await machine(t, servers, { a: "21.0.7" });
  assert.equal((await findTools(places, fetched)).mvn, undefined);
  await assert.rejects(findTools(places, notFetched), /mvn .*apt-get install maven/);
});

test("findTools: says which Java it found when that is too old", async (t) => {
  const { places } = await machine(t, servers, { a: "11.0.2" });
  await assert.rejects(findTools(places, fetched), /java \(17 or later, found 11\)/);
});

test("newestJava: takes none below 17", () => {
  const java = (major: number) => ({ path: "", home: "", major, version: String(major) });
  assert.equal(newestJava([java(8), java(11)]), undefined);
  assert.equal(newestJava([java(11), java(17)])?.major, 17);
});

test("parseJavaRelease: knows the old and the new way to count versions", () => {
  assert.deepEqual(parseJavaRelease('JAVA_VERSION="17.0.15"'), { major: 17, version: "17.0.15" });
  assert.deepEqual(parseJavaRelease('X="1"\nJAVA_VERSION="1.8.0_392"'), { major: 8, version: "1.8.0_392" });
  assert.deepEqual(parseJavaRelease('JAVA_VERSION="25"'), { major: 25, version: "25" });
  assert.equal(parseJavaRelease("nothing"), undefined);
});

test("placesOf: looks into sbin, which is not on everybody's PATH", () => {
  const { path, javaHome } = placesOf({ PATH: "/a::/usr/sbin", JAVA_HOME: "/j" });
  assert.deepEqual(path, ["/a", "/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin"]);
  assert.equal(javaHome, "/j");
});
