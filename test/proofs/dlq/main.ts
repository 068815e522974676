/** `npm run proofs -- dlq`: letters of five kinds replayed past killed runners and workers, on a real stack; every one accounted for. */
import { parseArgs } from "node:util";
import { type StackChild, startOnStack } from "../../../dev/children.ts";
import { type Platform, startPlatform } from "../../../dev/platform/stand-in.ts";
import { stackDown } from "../../../dev/stack/down.ts";
import { endpointsEnv, type StackEndpoints } from "../../../dev/stack/endpoints.ts";
import { stackUp } from "../../../dev/stack/up.ts";
import { applyApp } from "../../../engine/app/apply.ts";
import { CliError, exitCodes, jsonDocument, note, printJson } from "../../../engine/app/cli.ts";
import { kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { readConfig } from "../../../ops/config.ts";
import { app } from "../../../sluice.config.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import type { TopologyName } from "./kinds.ts";
import { proveOn } from "./prove.ts";
import { type Report, showReport } from "./show.ts";

const stackName = "proof-dlq";

/** Runs the proof; answers whether everything held. `--letters <n>`: at least so many; `--kills <n>`: of runners; `--json`. */
export const proveDlq = async (signal: AbortSignal): Promise<boolean> => {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      letters: { type: "string", default: "10000" },
      kills: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
    },
  });
  const size = { letters: numberIn("--letters", values.letters, 1), kills: numberIn("--kills", values.kills, 3) };
  note(`stack ${stackName}`);
  const endpoints = await stackUp({ name: stackName, brokers: 1, signal });
  const platform = await startPlatform({ maxPayments: 5_000_000 });
  try {
    const report = await prove(endpoints, platform, size, signal);
    if (values.json) printJson(jsonDocument("proof.dlq", report));
    else showReport(report);
    return report.held;
  } finally {
    await platform.close();
    await stackDown({ name: stackName });
  }
};

const numberIn = (option: string, text: string, least: number): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= 1_000_000) return number;
  throw new CliError(`${option}: expected a number from ${least} to 1000000, got ${text}`, {
    code: "USAGE",
    exitCode: exitCodes.usage,
    fix: "Next: npm run proofs -- dlq --letters 300 --kills 6",
  });
};

const prove = async (
  endpoints: StackEndpoints,
  platform: Platform,
  size: { readonly letters: number; readonly kills: number },
  signal: AbortSignal,
): Promise<Report> => {
  const env = {
    ...endpointsEnv(endpoints),
    SLUICE_PLATFORM_URL: platform.url,
    SLUICE_PLATFORM_TIMEOUT_MS: "1000",
    SLUICE_ACTOR: "proof",
    // A killed worker's partitions wait for this.
    SLUICE_SESSION_TIMEOUT_MS: "6000",
    SLUICE_DRAIN_MS: "3000",
  };
  const config = readConfig(env, () => "");
  await applyApp(app, config);
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-proof" });
  const started: StackChild[] = [];
  const startWorker = async (topology: TopologyName): Promise<StackChild> => {
    const worker = await startOnStack({
      ...{ stackName, endpoints, signal, env },
      command: "worker",
      args: ["--topology", topology],
      name: `${topology}-${started.length}`,
    });
    started.push(worker);
    return worker;
  };
  try {
    return await proveOn({ env, config, database, admin, platform, ...size, startWorker, signal });
  } finally {
    await Promise.all(started.map(({ child }) => child.stop()));
    await admin.close();
    await database.close();
  }
};
