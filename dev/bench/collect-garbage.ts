/** The garbage of the process that measures, collected before it measures: a collection in between is in what it finds. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects all of this process's garbage, now. */
export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc");
  // A context that was made after the flag has it; the one of this module was made before.
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
};
