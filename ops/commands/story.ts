/** `sluice story`: what became of one request, payment, order, user or coupon. */
import { Argument, Command, Option } from "commander";
import type { App } from "../../engine/app/define-app.ts";
import { exitCodes, jsonDocument, note, print, printJson } from "../../engine/app/cli.ts";
import type { Config } from "../config.ts";
import { type SubjectKind, subjectKinds } from "../story/story.ts";
import { type Asked, askedOf } from "../story/subject.ts";

interface StoryOptions {
  readonly as?: SubjectKind;
  readonly json?: boolean;
}

/** The command. */
export const storyCommand = (app: App<Config>): Command =>
  new Command("story")
    .summary("tell what became of one request, payment, order, user or coupon, and what in it does not agree")
    .description(
      "Tells, moment by moment, what became of a reservation, a payment, an order, a user or a coupon, or of the record at " +
        "topic/partition/offset: when it was accepted, what its steps decided, its rows, its unit in Redis, what was published, its dead " +
        "letters and replays, each with where it was read. Rows are found by index, records near the moment they are about: a " +
        "bounded part of each topic is read, and what that leaves open is said. What is away, the database excepted, leaves out its part. Exits 1 where something " +
        "contradicts itself or is away, 3 " +
        "where something has not happened yet.",
    )
    .addArgument(new Argument("<id>", "an id, or topic/partition/offset").argParser(askedOf))
    .addOption(new Option("--as <kind>", "what the id is, where it may be several").choices(subjectKinds))
    .option("--json", "print one JSON document")
    .action((asked: Asked, options: StoryOptions) => story(app, asked, options));

const story = async (app: App<Config>, asked: Asked, { as, json }: StoryOptions): Promise<void> => {
  const [{ findStory }, { withStoryPorts }, { showStory }, { loadConfig }] = await Promise.all([
    import("../story/find-story.ts"),
    import("../story/ports.ts"),
    import("../story/show.ts"),
    import("../../engine/app/process/process.ts"),
  ]);
  const { story: told, away } = await withStoryPorts(await loadConfig(app), (ports) => findStory(ports, asked, as));
  const isBroken = told.contradictions.length > 0;
  if (isBroken || away.length > 0) process.exitCode = exitCodes.failure;
  else if (told.pending.length > 0) process.exitCode = exitCodes.pending;
  if (json) return printJson(jsonDocument("story", told, { status: isBroken ? "failed" : "ok", warnings: away }));
  print(showStory(told));
  for (const sentence of away) note(`not known is ${sentence}`);
};
