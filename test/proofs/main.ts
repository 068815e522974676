/** `npm run proofs -- <name>`: what the documents claim, tried on a real stack of its own. */
import { exitCodes, interruptible, note } from "../../engine/app/cli.ts";
import { proveDeploy } from "./deploy/main.ts";
import { proveDlq } from "./dlq/main.ts";
import { proveEvolve } from "./evolve/main.ts";
import { proveSchema } from "./schema/main.ts";

const proofs = { deploy: proveDeploy, dlq: proveDlq, evolve: proveEvolve, schema: proveSchema };

const [name, ...options] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(proofs, name)) {
  note(`usage: npm run proofs -- <${Object.keys(proofs).join("|")}>`);
  process.exit(exitCodes.usage);
}
// Checked above.
const prove = proofs[name as keyof typeof proofs];
const held = await interruptible((signal) => prove(signal, { json: options.includes("--json") }));
process.exit(held ? exitCodes.done : exitCodes.failure);
