#!/usr/bin/env node
/** `sluice`: the command line of the application whose `sluice.config.ts` is in the current folder. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CliError, exitCodes } from "./cli.ts";
import { type CommandSet, runCommandLine } from "./program.ts";

/** The first of these that is there. */
const configFiles = ["sluice.config.ts", "sluice.config.js"];

const isApp = (value: unknown): value is CommandSet =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "sluice-app";

const loadApp = async (): Promise<CommandSet | undefined> => {
  const path = configFiles.map((file) => resolve(file)).find(existsSync);
  if (path === undefined) return undefined;
  const { app }: { readonly app?: unknown } = await import(pathToFileURL(path).href);
  if (isApp(app)) return app;
  throw new CliError(`${path} does not export app`, {
    code: "NO_APP",
    exitCode: exitCodes.usage,
    fix: "Export it: export const app = defineApp({ ... });",
  });
};

await runCommandLine(loadApp);
