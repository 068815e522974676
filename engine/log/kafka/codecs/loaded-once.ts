/** Loads a decompression package when the first batch needs it. */
import { createRequire } from "node:module";
import { Fatal } from "../../../errors.ts";

const nodeRequire = createRequire(import.meta.url);

/**
 * A function that requires the package at its first call. The packages have no types: `Exports` was read off the version
 * that package.json names.
 * @throws Fatal (CODEC_MISSING), from the function, when the package cannot be loaded: a wrong installation, not a wrong batch.
 */
export const loadedOnce = <Exports>(name: string): (() => Exports) => {
  let loaded: Exports | undefined;
  return () => {
    try {
      // Erasure: see above.
      loaded ??= nodeRequire(name) as Exports;
      return loaded;
    } catch (cause) {
      throw new Fatal("CODEC_MISSING", `the package ${name} cannot be loaded; run: npm ci`, { cause });
    }
  };
};
