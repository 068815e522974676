/** `sluice stack`: the platform on this machine, without Docker. */
import { relative } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import {
  exitCodes,
  formatTable,
  InterruptedError,
  interruptible,
  jsonDocument,
  note,
  paint,
  print,
  printJson,
} from "../../engine/app/cli.ts";
import { withoutCredentials } from "../../engine/app/config/redact.ts";
import { endpointsEnv, engineEnv, type StackEndpoints } from "../stack/endpoints.ts";
import { defaultStackName, isStackName, stackNameRule } from "../stack/layout.ts";
import type { StackUser } from "../stack/services/users.ts";
import type { StackStatus } from "../stack/status.ts";
import type { StackProgress } from "../stack/up.ts";

interface StackOptions {
  readonly name: string;
  readonly json?: boolean;
}

/** The command with its verbs. */
export function stackCommand(): Command {
  const stack = new Command("stack")
    .summary("run brokers, registry, database and Redis on this machine, without Docker")
    .description(
      "Runs brokers, registry, database and Redis on this machine, without Docker. Settings come from docker-compose.yml.",
    );
  stack.addCommand(upCommand());
  stack.addCommand(verb("status", "show which services of the stack answer; exits 1 when one does not", status));
  stack.addCommand(verb("down", "end the stack and remove its data; the logs stay", down));
  stack.addCommand(envCommand());
  return stack;
}

function verb(name: string, summary: string, run: (options: StackOptions) => Promise<void>): Command {
  return new Command(name)
    .description(summary)
    .option("--name <name>", "which stack", parseName, defaultStackName)
    .option("--json", "print one JSON document")
    .action(run);
}

function upCommand(): Command {
  return verb("up", "start the stack and wait until every service answers", up)
    .option("--brokers <number>", "how many brokers, 1 or 3 (default: 3)", parseBrokers)
    .option("--watch", "start Prometheus, Alertmanager and exporters beside it, as far as they are installed");
}

function envCommand(): Command {
  return verb("env", "print the variables that point the other commands at the stack", env).option(
    "--engine",
    "only those that every application takes: brokers and registry",
  );
}

function parseName(text: string): string {
  if (!isStackName(text)) throw new InvalidArgumentError(`Expected ${stackNameRule}.`);
  return text;
}

function parseBrokers(text: string): number {
  if (text !== "1" && text !== "3") throw new InvalidArgumentError("Expected 1 or 3.");
  return Number(text);
}

async function up({
  name,
  brokers,
  watch,
  json,
}: StackOptions & { readonly brokers?: number; readonly watch?: boolean }): Promise<void> {
  const { stackUp } = await import("../stack/up.ts");
  const startedAt = performance.now();
  let didSomething = false;
  const onProgress = (progress: StackProgress) => {
    didSomething ||= progress.kind === "step";
    if (didSomething) note(describeProgress(progress));
  };
  const endpoints = await interruptible((signal) => stackUp({ name, brokers, watch, onProgress, signal })).catch(
    (error: unknown) => {
      if (error instanceof InterruptedError) note(`Interrupted: what was started for stack ${name} has ended.`);
      throw error;
    },
  );
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const next = [`npm run sluice -- stack status${nameFlag(name)}`, `npm run sluice -- stack down${nameFlag(name)}`];
  // What a tool keeps of this has no password; `stack env` is asked for it on purpose.
  if (json) return printJson(jsonDocument("stack.up", { name, endpoints: withoutPasswords(endpoints) }, { next }));
  note(
    paint(
      "green",
      didSomething ? `Stack ${name} is up after ${seconds} s.` : `Stack ${name} is up already.`,
      process.stderr,
    ),
  );
  print(describeEndpoints(withoutPasswords(endpoints)));
  if (watch) for (const page of await (await import("../stack/watch/pages.ts")).pagesOf(name)) print(`  ${page}`);
  for (const command of next) note(paint("dim", `  ${command}`, process.stderr));
}

function describeProgress(progress: StackProgress): string {
  if (progress.kind === "step") return progress.text;
  const seconds = (progress.afterMs / 1_000).toFixed(1);
  return `  ${progress.service.padEnd(10)} answers  ${seconds.padStart(5)} s  127.0.0.1:${progress.port}`;
}

function withoutPasswords(endpoints: StackEndpoints): StackEndpoints {
  return { ...endpoints, databaseUrl: withoutCredentials(endpoints.databaseUrl) };
}

function describeEndpoints(endpoints: StackEndpoints): string {
  return [
    `  brokers   ${endpoints.brokers.join(",")}`,
    `  registry  ${endpoints.registryUrl}`,
    `  database  ${endpoints.databaseUrl}`,
    `  redis     ${endpoints.redisUrl}`,
  ].join("\n");
}

/** Where Prometheus and Alertmanager are looked at, as far as they run. */
/** A stack that does not answer is not an error of this command, but its exit code says so. */
async function status({ name, json }: StackOptions): Promise<void> {
  const { stackStatus } = await import("../stack/status.ts");
  const found = await stackStatus({ name });
  if (found.condition !== "running") process.exitCode = exitCodes.failure;
  if (json)
    return printJson(jsonDocument("stack.status", found, found.condition === "running" ? {} : { status: "failed" }));
  if (found.condition === "absent") {
    note(`Stack ${name} is not running.`);
    note(paint("dim", `  npm run sluice -- stack up${nameFlag(name)}`, process.stderr));
    return;
  }
  if (found.services.length > 0) print(describeStatus(found));
  for (const user of found.users) note(`used by ${describeUser(user)}`);
  for (const line of troubles(found)) note(line);
}

/** The command, and how many processes of each kind it has. */
function describeUser({ pid, command, processes }: StackUser): string {
  const counts = Map.groupBy(processes, (process) => process.command.replace("sluice ", ""));
  const kinds = [...counts].map(([kind, { length }]) => (length === 1 ? kind : `${kind} (${length})`));
  return `${command} (process ${pid}): ${kinds.toSorted().join(", ")}`;
}

function describeStatus({ services }: StackStatus): string {
  const rows = services.map((service) => [
    service.name,
    service.pid === undefined ? "-" : String(service.pid),
    String(service.port),
    service.answered ? paint("green", "yes") : paint("red", "no"),
    service.memoryBytes === undefined ? "-" : `${Math.round(service.memoryBytes / 1_048_576)} MB`,
  ]);
  return formatTable(["service", "pid", "port", "answers", "memory"], rows, { right: ["pid", "port", "memory"] });
}

function troubles({ name, services, strays }: StackStatus): readonly string[] {
  const silent = services.filter(({ answered }) => !answered);
  const lines = silent.map(
    (service) => `${paint("red", service.name, process.stderr)} ${service.problem}; log: ${shorten(service.log)}`,
  );
  if (strays.length > 0) lines.push(`left by a command that was killed: process ${strays.join(", ")}`);
  if (lines.length === 0) return [];
  const again = silent.some(({ pid }) => pid === undefined);
  const next = [
    ...(again ? [`start it again: npm run sluice -- stack up${nameFlag(name)}`] : []),
    `${again ? "or remove all: " : "remove all:"} npm run sluice -- stack down${nameFlag(name)}`,
  ];
  return [...lines, ...next.map((line) => paint("dim", `  ${line}`, process.stderr))];
}

async function down({ name, json }: StackOptions): Promise<void> {
  const { stackDown } = await import("../stack/down.ts");
  const done = await stackDown({ name });
  if (json) return printJson(jsonDocument("stack.down", done));
  note(
    done.ended === 0
      ? `Stack ${name} is down; nothing of it was running.`
      : `Stack ${name} is down: ${done.ended} ${done.ended === 1 ? "process" : "processes"} ended, data removed.`,
  );
  if (done.logs !== undefined) note(paint("dim", `  logs kept in ${shorten(done.logs)}`, process.stderr));
}

async function env({ name, engine, json }: StackOptions & { readonly engine?: boolean }): Promise<void> {
  const { readEndpoints } = await import("../stack/status.ts");
  const variables = (engine ? engineEnv : endpointsEnv)(await readEndpoints(name));
  if (json) return printJson(jsonDocument("stack.env", variables));
  for (const [variable, value] of Object.entries(variables)) print(`export ${variable}=${quote(value)}`);
}

/** Quotes for a shell where the value needs it. */
function quote(value: string): string {
  return /^[\w.:/,@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

function nameFlag(name: string): string {
  return name === defaultStackName ? "" : ` --name ${name}`;
}

function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
