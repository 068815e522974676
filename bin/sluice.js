/** The command line, where node can run it. JavaScript, so that a node which knows no TypeScript can say so. */
import module from "node:module"; // Whole: an older node has no such export, and could not say so.
import { join } from "node:path";

if (process.features.typescript) {
  // Before anything else is loaded, and here: what is kept needs no stripping of types, and so not the loading of what strips
  // them. CPU of `--help`: 0.37 s without, 0.22 s where ops/sluice.ts did it, 0.18 s so. Node compares each entry with its source,
  // and goes on without where the folder cannot be written.
  module.enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "compiled"));
  await import("../ops/sluice.ts");
} else {
  const { version, execPath } = process;
  process.stderr.write(
    `error: sluice needs Node 22.18 or newer (not 23.0 to 23.5), and ${execPath} is ${version}: run it with such a node, or let npm ci, without --omit=dev, install the project's own\n`,
  );
  process.exitCode = 1;
}
