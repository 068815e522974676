/** `npm run proofs -- evolve`: an optional field under load, workers first and APIs first, and changes that are refused. */
import { stackDown } from "../../../dev/stack/down.ts";
import { endpointsEnv } from "../../../dev/stack/endpoints.ts";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { stackUp } from "../../../dev/stack/up.ts";
import { startOnStack } from "../../../dev/children.ts";
import { jsonDocument, note, print, printJson } from "../../../engine/app/cli.ts";
import { confluentAdmin } from "../../../engine/registry/admin.ts";
import { readConfig } from "../../../ops/config.ts";
import { additions } from "./additions.ts";
import { type RefusedRelease, tryBreaks } from "./refused.ts";
import { type Release, releaseAt, releaseFrom, removeRelease, runSluice } from "./release.ts";
import { type Fleet, startFleet, type StartOf } from "./rollout.ts";
import { showEvolve } from "./show.ts";
import { evolveUnderLoad, type Told } from "./story.ts";

const stackName = "proofs";

/** What the proof came to. */
export interface EvolveReport {
  readonly evolutions: readonly Told[];
  readonly refused: readonly RefusedRelease[];
  readonly held: boolean;
}

/** Runs the proof; answers whether everything held. */
export const proveEvolve = async (signal: AbortSignal, { json }: { readonly json: boolean }): Promise<boolean> => {
  const releases: Release[] = [];
  note("stack proofs");
  const endpoints = await stackUp({ name: stackName, brokers: 1, signal });
  try {
    const env = { ...process.env, ...endpointsEnv(endpoints) };
    const config = readConfig(endpointsEnv(endpoints), () => "");
    const start: StartOf = ({ script }, what) => startOnStack({ stackName, endpoints, signal, script, ...what });
    let base = releaseAt("base", repositoryRoot);
    const applied = await runSluice(base, env, ["topology", "apply", "--yes"]);
    if (applied.exitCode !== 0) throw new Error(`the first apply ended with ${applied.exitCode}: ${applied.text}`);
    let fleet: Fleet = await startFleet(start, base);
    const evolutions: Told[] = [];
    for (const { name, first, patches } of additions) {
      note(`${name}, ${first} first`);
      const to = await releaseFrom(base, name, patches);
      releases.push(to);
      const { told, fleet: next } = await evolveUnderLoad({ config, env, start, signal }, { from: fleet, to, first });
      evolutions.push(told);
      [base, fleet] = [to, next];
    }
    note("changes that are refused");
    const refused = await tryBreaks(base, env, confluentAdmin({ url: config.registryUrl }));
    await Promise.all([fleet.api, ...fleet.workers].map(({ child }) => child.stop()));
    const held = evolutions.every((one) => one.held) && refused.every((one) => one.held);
    const report: EvolveReport = { evolutions, refused, held };
    if (json) printJson(jsonDocument("proofs.evolve", report, { status: held ? "ok" : "failed" }));
    else for (const line of showEvolve(report)) print(line);
    return held;
  } finally {
    // Also ends what of ours is still running on it.
    await stackDown({ name: stackName });
    await Promise.all(releases.map(removeRelease));
  }
};
