/** Finds the programs that watch a stack, and adds them to its services. What is not installed is named, and left out. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { environment } from "../../../engine/app/cli.ts";
import { type Layout, ownersOnly, repositoryRoot } from "../layout.ts";
import { choosePorts, reservePorts } from "../ports.ts";
import { findProgram, placesOf } from "../services/tools.ts";
import { portsOfOthers, type StackState } from "../state.ts";
import { planWatchers, targetsFolder, type WatcherName, watchers, watchPortNeeds } from "./watchers.ts";

/** Watchers that are not installed, with the command that installs them. */
export const missingWatchers = (found: Readonly<Partial<Record<WatcherName, string>>>): string | undefined => {
  const packages = Object.entries(watchers).flatMap(([name, { package: own }]) =>
    own === undefined || found[name as WatcherName] !== undefined ? [] : [own],
  );
  if (packages.length === 0) return undefined;
  return `not installed, so not started; to have them: apt-get install ${packages.join(" ")}`;
};

/**
 * The state of a stack with its watchers among the services; of those that it has already, as they are. Writes their settings.
 * `say` is told what is missing.
 */
export const withWatchers = async (
  layout: Layout,
  state: StackState,
  say: (text: string) => void,
): Promise<StackState> => {
  const programs = await findWatchers();
  const missing = missingWatchers(programs);
  if (missing !== undefined) say(missing);
  const has = (name: string): boolean => state.services.some((service) => service.name === name);
  // All or none are added: one that is installed later is started when the stack is made anew.
  if (has("sluice-exporter")) return state;
  const reservations = reservePorts(await portsOfOthers(layout.name));
  try {
    const names = Object.keys(programs) as WatcherName[];
    const ports = await choosePorts(watchPortNeeds(names), { isFree: reservations.isFree, start: Math.random() });
    const plan = planWatchers({
      ...{ layout, programs, ports, endpoints: state.endpoints },
      sluice: join(repositoryRoot, "bin", "sluice.js"),
      monitoring: join(repositoryRoot, "deploy", "monitoring"),
    });
    await Promise.all([targetsFolder(layout), ...plan.services.map(({ name }) => layout.data(name))].map(makeFolder));
    for (const [path, text] of Object.entries(plan.files)) {
      await makeFolder(dirname(path));
      await writeFile(path, text, { mode: 0o600 });
    }
    const added = plan.services.map((service) => ({ ...service, process: undefined }));
    return { ...state, services: [...state.services, ...added] };
  } finally {
    reservations.release();
  }
};

const makeFolder = async (path: string): Promise<void> => {
  await mkdir(path, ownersOnly);
};

const findWatchers = async (): Promise<Readonly<Partial<Record<WatcherName, string>>>> => {
  const { path } = placesOf(environment());
  const found = await Promise.all(
    Object.entries(watchers).map(async ([name, { program }]) => {
      const place = program === undefined ? process.execPath : await findProgram(program, path);
      return place === undefined ? [] : [[name, place] as const];
    }),
  );
  return Object.fromEntries(found.flat());
};
