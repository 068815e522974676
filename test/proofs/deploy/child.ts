/**
 * One apply as a process of its own: `child.ts <name> [<before|during|after> <step>]`. At that point it kills itself with
 * SIGKILL; during a step that is up to 30 ms after its beginning, when a request may have been sent and not answered.
 * It begins when a line comes in, and writes how it ended, and after how many steps, as one line of JSON.
 */
import { once } from "node:events";
import { withDeployPorts } from "../../../engine/app/deploying/open.ts";
import { outcomeError } from "../../../engine/app/deploying/outcome.ts";
import { applyDesired } from "../../../engine/deploy/run/apply.ts";
import { readConfig } from "../../../ops/config.ts";
import { app } from "../../../sluice.config.ts";
import { proofDocument } from "./documents.ts";

const [name = "", phase, number] = process.argv.slice(2);
process.stdout.write("ready\n");
await once(process.stdin, "data");
const outcome = await withDeployPorts(
  app,
  readConfig(process.env, () => ""),
  (ports) =>
    applyDesired(ports, {
      desired: proofDocument(name),
      allow: {},
      confirm: async () => true,
      actor: "proof",
      host: "proof",
      verb: "topology apply",
      reason: null,
      lockWaitMs: 0,
      onStep: (point) => {
        if (point.number !== Number(number)) return;
        if (point.phase === phase) process.kill(process.pid, "SIGKILL");
        if (phase === "during") setTimeout(() => process.kill(process.pid, "SIGKILL"), Math.random() * 30);
      },
    }),
);
process.stdout.write(`${JSON.stringify({ kind: outcome.kind, exitCode: outcomeError(outcome)?.exitCode ?? 0 })}\n`);
process.exit();
