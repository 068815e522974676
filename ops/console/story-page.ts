/** Answers the page of stories: what `sluice story` tells, by the same code. */
import { InvalidArgumentError } from "commander";
import { CliError, exitCodes } from "../../engine/app/cli.ts";
import type { Config } from "../config.ts";
import { findStory } from "../story/find-story.ts";
import { withStoryPorts } from "../story/ports.ts";
import { type SubjectKind, subjectKinds } from "../story/story.ts";
import { type Asked, askedOf } from "../story/subject.ts";
import type { StoryDocument } from "./story-document.ts";

/**
 * The story of `id`, as `as` says what it is where its form leaves that open.
 * @throws CliError where it can be no id, or nothing is known of it @throws Unavailable where the database is away
 */
export const answerStory = async (
  config: Config,
  { id = "", as }: Readonly<Record<string, string>>,
): Promise<StoryDocument> => {
  const asked = askedFor(id);
  return withStoryPorts(config, (ports) => findStory(ports, asked, kindFor(as)));
};

const wrong = (message: string): CliError => new CliError(message, { code: "USAGE", exitCode: exitCodes.usage });

const askedFor = (id: string): Asked => {
  try {
    return askedOf(id.trim());
  } catch (error) {
    throw error instanceof InvalidArgumentError ? wrong(error.message) : error;
  }
};

const kindFor = (as: string | undefined): SubjectKind | undefined => {
  if (as === undefined || as === "") return undefined;
  const kind = subjectKinds.find((one) => one === as);
  if (kind === undefined) throw wrong(`an id is one of ${subjectKinds.join(", ")}`);
  return kind;
};
