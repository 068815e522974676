/** How far the group of a topology has committed a topic. */
import { unlessMissing } from "../../engine/log/unless-missing.ts";
import type { StoryPorts } from "./ports.ts";

/** By partition; none where the topic is not there. What is away is remembered. */
export const committedOf = (
  { cluster, groupPrefix, away }: Pick<StoryPorts, "cluster" | "groupPrefix" | "away">,
  topology: string,
  topic: string,
): Promise<readonly (bigint | undefined)[]> =>
  away.orElse([], () => unlessMissing(() => cluster.committedOffsets(`${groupPrefix}.${topology}`, topic), []));
