/** Every patch of kafkajs, in the order in which the files may be replaced: before the modules that require them load. */
import { decodeMessagesPatch } from "./decode-messages.ts";
import { fetchedBatchPatch } from "./fetched-batch.ts";
import { groupHooksPatch } from "./group-hooks.ts";
import { groupMessagesPatch } from "./group-messages.ts";
import type { Patch } from "./patch.ts";
import { produceRequestPatch } from "./produce-request.ts";
import { requestQueuePatch } from "./request-queue.ts";

/** What `patchedKafkajs` applies. */
export const patches: readonly Patch[] = [
  requestQueuePatch,
  groupMessagesPatch,
  produceRequestPatch,
  decodeMessagesPatch,
  fetchedBatchPatch,
  groupHooksPatch,
];
