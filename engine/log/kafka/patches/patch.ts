/** What a patch of kafkajs is: one file, replaced, and the text of that file it was written against. */
import type { KafkajsModules, Need } from "../internals.ts";

/** One replaced file. */
export interface Patch {
  readonly file: keyof KafkajsModules;
  /** Of the file's text in kafkajs 2.2.4, hex. */
  readonly sha256: string;
  /** Gives the module that takes the original's place (the same object where it was changed in place). */
  readonly apply: (need: Need) => unknown;
}

/** Declares a patch of a file, typed by that file. */
export const definePatch = <File extends keyof KafkajsModules>(spec: {
  readonly file: File;
  readonly sha256: string;
  readonly replace: (original: KafkajsModules[File], need: Need) => KafkajsModules[File];
}): Patch => ({
  file: spec.file,
  sha256: spec.sha256,
  apply: (need) => spec.replace(need(spec.file), need),
});
