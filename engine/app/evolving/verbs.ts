/** The verbs of `sluice schema`: what they do and print. Their options are in commands/schema.ts. */
import { relative } from "node:path";
import { CliError, exitCodes, nextText, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { type CheckedSubject, checkOffline, checkOnline, isStopped } from "./check.ts";
import { loadConfig } from "../process/process.ts";
import { withSchemaPorts } from "./open.ts";
import { checkDocument, checkLines, githubLines, nextAfterCheck } from "./show-check.ts";
import { historyOf, judgingOf, subjectsOfApp } from "./subjects.ts";

/** Options of `check`. */
export interface CheckOptions {
  readonly offline?: boolean;
  /** Records of each topic. */
  readonly sample?: number;
  readonly format: "text" | "json" | "github";
  readonly json?: boolean;
}

/** `check`: everything that readers would meet. Exit code 4 where a schema is refused. */
export const checkVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  wanted: readonly string[],
  { offline = false, sample, format, json = false }: CheckOptions,
): Promise<void> => {
  if (offline && sample !== undefined)
    throw new CliError("--sample reads topics, which --offline does not", { code: "USAGE", exitCode: exitCodes.usage });
  const subjects = subjectsOfApp(app, wanted);
  const checked: CheckedSubject[] = [];
  const judging = judgingOf(app);
  if (offline) {
    const history = historyOf(app);
    for (const subject of subjects) checked.push(await checkOffline(subject, history, judging));
  } else {
    await withSchemaPorts(await loadConfig(app), async (ports) => {
      const online = { ...ports, ...(sample === undefined ? {} : { sample }) };
      for (const subject of subjects) checked.push(await checkOnline(subject, online, judging));
    });
  }
  showCheck(checked, json ? "json" : format);
};

const showCheck = (checked: readonly CheckedSubject[], format: CheckOptions["format"]): void => {
  if (format === "json") printJson(checkDocument(checked));
  if (format === "github") for (const line of githubLines(checked, (file) => relative(".", file))) print(line);
  if (format === "text") {
    for (const line of checkLines(checked)) print(line);
    print(nextText(nextAfterCheck(checked), "\n      "));
  }
  if (checked.some(isStopped)) process.exitCode = exitCodes.refused;
};
