/** `sluice dlq`: dead letters, what became of them, and how they are decided again. */
import { Command, InvalidArgumentError, Option } from "commander";
import { integerOption, topicOption } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNames } from "../define-app.ts";
import type { DiscardOptions } from "../dlq/replay/discard.ts";
import type { ExportOptions } from "../dlq/export.ts";
import type { AskOptions, JobOptions } from "../dlq/replay/jobs.ts";
import type { LookOptions } from "../dlq/looking.ts";
import type { PlanOptions } from "../dlq/replay/plan-verb.ts";
import { defaultLimits } from "../../dlq/jobs/job.ts";
import { boundReaderHeap } from "../process/heap.ts";
import type { ReplayOptions } from "../dlq/replay/replay-verb.ts";

/** The command with its verbs. Drivers are loaded when a verb runs. */
export const dlqCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const dlq = new Command("dlq").description(
    "Dead letters: records that were set aside. Shows them by cause, and replays them: a replayed letter runs its topology from the " +
      "beginning, beside the live records. Nothing is ever deleted.",
  );
  for (const verb of [list, groups, show, plan, replay, status, cancel, pause, discard, exporting]) {
    const command = verb(app);
    // Those that only ask the runner for something read no topic.
    if (verb !== cancel && verb !== pause) command.hook("preAction", boundReaderHeap);
    dlq.addCommand(command);
  }
  return dlq;
};

const topologyOption = <Config extends EngineConfig>(app: App<Config>): Option => {
  const names = topologyNames(app);
  return new Option("--topology <name>", "whose letters").choices(names);
};
const required = (option: Option): Option => option.makeOptionMandatory();

const ofTopic = "letters of this topic instead";

/** Letters of a topology, or those that somebody else wrote. */
const withPlace = <Config extends EngineConfig>(command: Command, app: App<Config>): Command =>
  command
    .addOption(topologyOption(app).default(topologyNames(app)[0]))
    .option("--topic <topic>", `${ofTopic}, also those of Spring Kafka, Kafka Streams and Connect`, topicOption)
    .option("--json", "print one JSON document");

const withSelection = (command: Command): Command =>
  command
    .option("--fingerprint <prefix>", "of one cause: the beginning of its fingerprint")
    .option("--code <code>", "whose error has this code")
    .option("--node <name>", "that failed at this step")
    .addOption(
      new Option("--kind <kind>", "that are wrong, or whose effects may remain").choices(["poison", "in-doubt"]),
    )
    .option("--key <text>", "with this key")
    .option("--since <time>", "that failed last at or after this: 2026-11-27T10:00Z, 2h, 3d")
    .option("--until <time>", "that failed last before this")
    .option("--attempt <n>", "of this attempt: 2, or <3")
    .option("--limit <n>", "at most this many", integerOption(1, 100_000_000));

const withState = (command: Command, preset: string): Command =>
  command.option(
    "--state <states>",
    `all, or some of open,pending,resolved,failed-again,discarded (default: ${preset})`,
  );

/** A decimal number: a letter a minute is 0.0167. */
const rateOption = (text: string): number => {
  const rate = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && rate > 0 && rate <= 100_000) return rate;
  throw new InvalidArgumentError("Expected more than 0 and at most 100000, letters a second.");
};

const withLimits = (command: Command): Command =>
  command
    .option("--rate <n>", "letters a second", rateOption, defaultLimits.rate)
    .option(
      "--canary <n>",
      "so many are decided before the rest is sent; 0 for none",
      integerOption(0, 100_000),
      defaultLimits.canary,
    )
    .option(
      "--abort-at <percent>",
      "stop when more than this share failed again; 100 never",
      integerOption(0, 100),
      defaultLimits.abortAtPercent,
    )
    .option(
      "--max-lag <n>",
      "wait while the topology is further behind, records",
      integerOption(0, 1_000_000_000),
      defaultLimits.maxLag,
    )
    .option(
      "--max-attempts <n>",
      "leave letters that had so many attempts",
      integerOption(1, 1_000_000),
      defaultLimits.maxAttempts,
    )
    .option("--no-wait", "do not wait until everything is decided")
    .option("--transform <file#function>", "make another value of each: the writer's in, the present schema's out");

const withAudit = (command: Command): Command =>
  command
    .option("--actor <name>", "who, for the audit log (default: SLUICE_ACTOR, the CI's user, this user)")
    .option("--json", "print one JSON document");

const withMeant = (command: Command): Command =>
  command
    .option("--all", "all of them, where nothing else narrows it; with --confirm")
    .option("--confirm <topology>", "confirm --all by the topology's name")
    .option("--yes", "do not ask")
    .option("--lock-timeout <s>", "how long to wait for another one at work", integerOption(0, 3_600), 0);

const list = <Config extends EngineConfig>(app: App<Config>): Command =>
  withPlace(withState(withSelection(new Command("list").description("list letters")), "open"), app)
    .argument("[id...]", "letters: <topic>/<partition>/<offset> of the record")
    .action(async (ids: readonly string[], options: LookOptions) =>
      (await import("../dlq/looking.ts")).listVerb(app, ids, options),
    );

const groups = <Config extends EngineConfig>(app: App<Config>): Command =>
  withPlace(
    withState(withSelection(new Command("groups").description("letters by cause")), "open,pending"),
    app,
  ).action(async (options: LookOptions) => (await import("../dlq/looking.ts")).groupsVerb(app, options));

const show = <Config extends EngineConfig>(app: App<Config>): Command =>
  withPlace(new Command("show").description("one record's letters, whole"), app)
    .argument("<id>", "<topic>/<partition>/<offset> of the record")
    .action(async (id: string, options: LookOptions) => (await import("../dlq/show.ts")).showVerb(app, id, options));

const plan = <Config extends EngineConfig>(app: App<Config>): Command =>
  withLimits(
    withState(
      withSelection(new Command("plan").description("what replaying would do; changes nothing")),
      "open,pending",
    ),
  )
    .argument("[id...]", "letters: <topic>/<partition>/<offset> of the record")
    .addOption(required(topologyOption(app)))
    .option("--out <file>", "save the plan, so that exactly it can be replayed")
    .option("--json", "print one JSON document")
    .action(async (ids: readonly string[], options: PlanOptions & { readonly out?: string }) =>
      (await import("../dlq/replay/plan-verb.ts")).planVerb(app, ids, options),
    );

const replay = <Config extends EngineConfig>(app: App<Config>): Command =>
  withAudit(
    withMeant(withLimits(withSelection(new Command("replay").description("decide letters again, and wait for it")))),
  )
    .argument("[id...]", "letters, or the file of a saved plan: exactly it is replayed, or nothing")
    .addOption(required(topologyOption(app)))
    .option("--reason <text>", "why; required, but with --resume")
    .option("--resume <job>", "go on with a job that did not end")
    .option("--wait-timeout <s>", "give up when nothing was decided for so long", integerOption(1, 86_400), 300)
    .action(async (ids: readonly string[], options: ReplayOptions, command: Command) => {
      const typed = Object.keys(options).filter((name) => command.getOptionValueSource(name) === "cli");
      await (await import("../dlq/replay/replay-verb.ts")).replayVerb(app, ids, options, typed);
    });

const status = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("status")
    .description("jobs, and how far they are")
    .argument("[job]", "one job: the beginning of its id")
    .addOption(topologyOption(app))
    .option("--json", "print one JSON document")
    .action(async (id: string | undefined, options: JobOptions) =>
      (await import("../dlq/replay/jobs.ts")).jobStatusVerb(app, id, options),
    );

const asking = <Config extends EngineConfig>(
  app: App<Config>,
  verb: string,
  about: string,
  wanted: "paused" | "cancelled",
): Command =>
  withAudit(new Command(verb).description(about))
    .argument("<job>", "the beginning of its id")
    .addOption(topologyOption(app))
    .option("--reason <text>", "why, for the audit log")
    .action(async (id: string, options: AskOptions) =>
      (await import("../dlq/replay/jobs.ts")).askVerb(app, id, wanted, options),
    );

const cancel = <Config extends EngineConfig>(app: App<Config>): Command =>
  asking(app, "cancel", "end a job for good; what is sent stays sent", "cancelled");
const pause = <Config extends EngineConfig>(app: App<Config>): Command =>
  asking(app, "pause", "stop a job until it is resumed", "paused");

const discard = <Config extends EngineConfig>(app: App<Config>): Command =>
  withAudit(
    withMeant(withSelection(new Command("discard").description("mark letters as not to be replayed; deletes nothing"))),
  )
    .argument("[id...]", "letters: <topic>/<partition>/<offset> of the record")
    .addOption(required(topologyOption(app)))
    .requiredOption("--reason <text>", "why")
    .option("--undo", "take the marks back")
    .action(async (ids: readonly string[], options: DiscardOptions) =>
      (await import("../dlq/replay/discard.ts")).discardVerb(app, ids, options),
    );

const exporting = <Config extends EngineConfig>(app: App<Config>): Command =>
  withState(withSelection(new Command("export").description("write letters with their values, a line each")), "open")
    .argument("[id...]", "letters: <topic>/<partition>/<offset> of the record")
    .addOption(topologyOption(app).default(topologyNames(app)[0]))
    .option("--topic <topic>", ofTopic, topicOption)
    .addOption(new Option("--format <format>", "as what").choices(["ndjson", "csv"]).default("ndjson"))
    .option("--out <file>", "into this file, which is there when all of it is")
    .option("--mask", "hide users, and what may name them: keys, headers, bytes, messages")
    .action(async (ids: readonly string[], options: ExportOptions) =>
      (await import("../dlq/export.ts")).exportVerb(app, ids, options),
    );
