/** What the store of replays knows of a topology's letters. */
import type { Origin } from "../../worker/round/letter-headers.ts";
import { originKey } from "../letters/letter.ts";
import type { DlqPorts } from "../ports.ts";

/** Without the store, nothing is known to be discarded or finished. @throws where it answers with something else than being away */
export const knownJobs = async (replays: DlqPorts["replays"], topology: string) => {
  if (replays === undefined) return { discards: noKeys, finishedJobs: noKeys, knowsJobs: false };
  const [origins, jobs]: [readonly Origin[], readonly { id: string; state: string }[]] = [
    await replays.discards(topology),
    await replays.jobs(topology, jobsMax),
  ];
  return {
    discards: new Set(origins.map(originKey)),
    finishedJobs: new Set(jobs.flatMap(({ id, state }) => (state === "finished" ? [id] : []))),
    knowsJobs: true,
  };
};

const noKeys: ReadonlySet<string> = new Set();
/** Jobs that are looked at; those of older ones are decided by their offsets. */
const jobsMax = 1_000;
