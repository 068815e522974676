/** The command line of the shop: the same from whichever folder it is called. */
import { runCommandLine } from "../engine/app/program.ts";

await runCommandLine(async () => (await import("../sluice.config.ts")).app);
