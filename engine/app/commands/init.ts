/** `sluice init`: writes a small application to begin with, and changes nothing that is there. */
import { existsSync } from "node:fs";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { CliError, exitCodes, jsonDocument, note, printJson } from "../cli.ts";

/** The command. */
export const initCommand = (): Command =>
  new Command("init")
    .summary("write a small application into the current folder")
    .description(
      "Writes a topology with three outcomes, the port it needs with a fake and a contract, a test that runs it in " +
        "process, sluice.config.ts, and send-order.ts, which sends an order and prints its answer. Adds scripts and development dependencies to package.json. Refuses to " +
        "overwrite anything, and a folder that npm takes for a part of another package (exit 4).",
    )
    .option("--json", "print one JSON document")
    .action(async ({ json }: { readonly json?: boolean }) => {
      const written = await init(resolve("."), await templateFolder());
      if (json) return printJson(jsonDocument("init", { written }, { next }));
      note(`written: ${written.join(", ")}`);
      note(`next:\n${next.map((command) => `  ${command}`).join("\n")}`);
    });

const next = [
  "npm install",
  "npm test",
  "export SLUICE_BROKERS=host:9092 SLUICE_REGISTRY_URL=http://host:8081",
  "npm run sluice -- topology apply",
  "npm run sluice -- worker",
  "npm run send",
];

/** Beside the built engine, or where it is kept among the sources. */
const templateFolder = async (): Promise<string> => {
  const places = ["../../template/", "../../../examples/starter/"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new Error("the template is missing from the package");
  return found;
};

/** The scripts of what it writes. */
export const scripts = { test: "tsc && node --test", sluice: "sluice", send: "node send-order.ts" };
/** Node runs TypeScript unbuilt from 22.18 on; these are the versions that the engine is tested with. */
const devDependencies = { "@types/node": "24.19.2", node: "24.21.0", typescript: "7.0.2" };

/**
 * Writes the template's files into a folder and completes its package.json; names what was written.
 * @throws CliError (exit 4) where a file is there already, package.json says something else, or npm would take that of a
 * folder above; nothing is written then.
 */
export const init = async (folder: string, template: string): Promise<readonly string[]> => {
  const files = (await readdir(template)).toSorted();
  const manifestPath = join(folder, "package.json");
  const around = existsSync(manifestPath) ? undefined : packageAround(dirname(folder));
  if (around !== undefined)
    throw new CliError(`refused: there is no package.json here, so npm installs into ${around}`, {
      code: "OTHER_PACKAGE",
      exitCode: exitCodes.refused,
      fix: "Make one here (npm init -y), install sluice-engine here, and run it again.",
    });
  const manifest = existsSync(manifestPath) ? objectOf(JSON.parse(await readFile(manifestPath, "utf8"))) : {};
  const { merged, clashes } = complete(manifest);
  const inTheWay = [...files.filter((file) => existsSync(join(folder, file))), ...clashes];
  if (inTheWay.length > 0)
    throw new CliError(`refused: ${inTheWay.join(", ")} would be overwritten`, {
      code: "WOULD_OVERWRITE",
      exitCode: exitCodes.refused,
      fix: "Run it in an empty folder, or in one that has only a package.json of `npm install`.",
    });
  for (const file of files) await copyFile(join(template, file), join(folder, file));
  await writeFile(manifestPath, `${JSON.stringify(merged, null, 2)}\n`);
  return [...files, "package.json"];
};

/** The folder that npm takes for the package of what is in `folder`. */
const packageAround = (folder: string): string | undefined => {
  if (["package.json", "node_modules"].some((name) => existsSync(join(folder, name)))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : packageAround(above);
};

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** package.json with what is missing added; clashes are what says something else. */
const complete = (manifest: Readonly<Record<string, unknown>>) => {
  const clashes: string[] = [];
  const merge = (name: string, wanted: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> => {
    const given = objectOf(manifest[name]);
    for (const [key, value] of Object.entries(wanted))
      if (name === "scripts" && key in given && given[key] !== value && !isPlaceholder(given[key]))
        clashes.push(`package.json ${name}.${key}`);
    return name === "scripts" ? { ...given, ...wanted } : { ...wanted, ...given };
  };
  // `npm init` writes commonjs; there is no code yet that needs it.
  const merged = {
    private: true,
    ...manifest,
    type: "module",
    scripts: merge("scripts", scripts),
    devDependencies: merge("devDependencies", without(devDependencies, objectOf(manifest["dependencies"]))),
  };
  return { merged, clashes };
};

/** What is not installed otherwise. */
const without = (wanted: Readonly<Record<string, string>>, given: object): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in given)));

/** What `npm init` writes as a test. */
const isPlaceholder = (script: unknown): boolean => typeof script === "string" && script.includes("no test specified");
