/** `sluice topology`: what is declared, drawn and applied. */
import { Command, Option } from "commander";
import { integerOption, print } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { ApplyOptions, PlanOptions } from "../deploying/verbs.ts";
import { type App, drawnOutboxes, topologyNamed, topologyNames } from "../define-app.ts";
import { type GraphFormat, graphFormats } from "../graph-formats.ts";

/** The command with its verbs. */
export const topologyCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const topology = new Command("topology").description(
    "Shows the declared topologies, and deploys them: topics with their settings, schemas, groups and graphs.",
  );
  for (const verb of [planCommand, applyCommand, driftCommand, statusCommand, logCommand, rollbackCommand]) {
    topology.addCommand(verb(app));
  }
  return topology.addCommand(graphCommand(app));
};

/** Drivers are loaded when a verb runs: drawing needs none. */
const verbs = () => import("../deploying/verbs.ts");
const looking = () => import("../deploying/looking.ts");

const withJson = (command: Command): Command => command.option("--json", "print one JSON document");
const withAllowed = (command: Command): Command =>
  command
    .option("--new-cluster", "this cluster replaces the one that was recorded")
    .option("--new-group", "a topology runs under another group, which reads from the beginning");

/** How long an apply waits for another one, s. */
const lockTimeoutSeconds = 10;
const withApplyOptions = (command: Command): Command =>
  withAllowed(withJson(command))
    .option("--yes", "do not ask about changes that are not risky")
    .option(
      "--confirm <name>",
      "confirm risky changes of a topic; may be repeated",
      (name, names) => [...names, name],
      noNames,
    )
    .option("--reason <text>", "why, for the audit log")
    .option("--actor <name>", "who, for the audit log (default: SLUICE_ACTOR, the CI's user, this user)")
    .option("--lock-timeout <s>", "how long to wait for another apply", integerOption(0, 3_600), lockTimeoutSeconds);
const noNames: readonly string[] = [];

/** The options as commander answers them. */
type Given = Omit<ApplyOptions, "lockTimeout"> & { readonly lockTimeout: number };
const inMs = ({ lockTimeout, ...options }: Given): ApplyOptions => ({ ...options, lockTimeout: lockTimeout * 1_000 });

const planCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withAllowed(withJson(new Command("plan").description("show what apply would change; changes nothing")))
    .option("--out <file>", "save the plan, so that exactly it can be applied")
    .option("--exit-code", "exit with 3 where there are changes")
    .action(async (options: PlanOptions) => (await verbs()).planVerb(app, options));

const applyCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withApplyOptions(
    new Command("apply")
      .description("make what is declared exist, and deploy it; deletes nothing")
      .argument("[plan]", "a saved plan: exactly it is carried out, or nothing"),
  ).action(async (file: string | undefined, options: Given) => (await verbs()).applyVerb(app, file, inMs(options)));

const rollbackCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withApplyOptions(
    new Command("rollback")
      .description("deploy what an earlier deployment declared; schemas and records stay")
      .argument("<number>", "the deployment's number", integerOption(1, 1_000_000_000)),
  ).action(async (number: number, options: Given) => (await verbs()).rollbackVerb(app, number, inMs(options)));

const driftCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withJson(new Command("drift").description("compare what is live with what was applied last")).action(
    async (options: { readonly json?: boolean }) => (await looking()).driftVerb(app, options),
  );

const statusCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withJson(new Command("status").description("show what is deployed, what runs, lag and dead letters")).action(
    async (options: { readonly json?: boolean }) => (await looking()).statusVerb(app, options),
  );

const logCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  withJson(new Command("log").description("list operations, newest first"))
    .option("--limit <n>", "at most this many", integerOption(1, 1_000), 20)
    .action(async (options: { readonly json?: boolean; readonly limit: number }) =>
      (await looking()).logVerb(app, options),
    );

const graphCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const names = topologyNames(app);
  return new Command("graph")
    .description(
      "draw a topology, with the outboxes that publish to what it reads; svg is a picture, asyncapi a document of its topics",
    )
    .addOption(new Option("--topology <name>", "which topology").choices(names).default(names[0]))
    .addOption(new Option("--format <format>", "as what").choices(graphFormats).default("text"))
    .action(async ({ topology, format }: GraphOptions) => {
      const { drawTopology } = await import("../draw-topology.ts");
      const outboxes = drawnOutboxes(app);
      print((await drawTopology(topologyNamed(app, topology).topology.graph, outboxes, format)).trimEnd());
    });
};

interface GraphOptions {
  readonly topology: string;
  readonly format: GraphFormat;
}
