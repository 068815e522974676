/** Which stack of this working copy a process uses that was given addresses, so that it is scraped there, too. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isStackName, type Layout, layoutAt, stacksDirectory } from "../layout.ts";
import { readState } from "../state.ts";

/**
 * The stack with these brokers, as `SLUICE_BROKERS` has them; undefined where none is up with them. A state that cannot be read is
 * no stack here: whoever asks only wants to be seen.
 */
export const stackOfBrokers = async (
  brokers: string | undefined,
  folder: string = stacksDirectory,
): Promise<Layout | undefined> => {
  if (brokers === undefined) return undefined;
  const names = (await readdir(folder).catch(() => [])).filter(isStackName);
  const found = await Promise.all(
    names.map(async (name) => {
      const layout = layoutAt(name, join(folder, name));
      const state = await readState(layout).catch(() => undefined);
      return state?.phase === "up" && state.endpoints.brokers.join(",") === brokers ? [layout] : [];
    }),
  );
  return found.flat()[0];
};
