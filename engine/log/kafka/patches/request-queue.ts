/**
 * Replaces src/network/requestQueue: after its first response every connection re-arms a 1 ms timer for ever (4.5 % of
 * a core while idle), and asks for negative delays, of which Node 24 warns. With nothing pending there is nothing to
 * check: `push` schedules a check when it has to queue.
 */
import type { RequestQueue } from "../internals.ts";
import { definePatch } from "./patch.ts";

/** kafkajs's own interval for a queue that waits for in-flight requests rather than for a throttle. */
const checkIntervalMs = 10;

/** No timer while no request is pending. */
export const requestQueuePatch = definePatch({
  file: "src/network/requestQueue/index.js",
  sha256: "b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c",
  replace: (original) => {
    const prototype: RequestQueue = original.prototype;
    prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
      if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
      const throttledMs = this.throttledUntil - Date.now();
      this.throttleCheckTimeoutId = setTimeout(
        () => {
          this.throttleCheckTimeoutId = null;
          this.checkPendingRequests();
        },
        throttledMs > 0 ? throttledMs : checkIntervalMs,
      );
    };
    return original;
  },
});
