/** The command line, where node can run it. JavaScript, so that a node which knows no TypeScript can say so. */
if (process.features.typescript) await import("../ops/sluice.ts");
else {
  const { version, execPath } = process;
  process.stderr.write(`error: sluice needs Node 22.18 or newer (not 23.0 to 23.5), and ${execPath} is ${version}\n`);
  process.exitCode = 1;
}
