/** Replays in memory do what real ones do. */
import { memoryReplays } from "./memory-replays.ts";
import { replaysContract } from "./replays-contract.ts";

const replays = memoryReplays();
replaysContract("memory replays", () => ({
  replays,
  other: replays,
  loseLock: async (topology) => replays.loseLock(topology),
}));
