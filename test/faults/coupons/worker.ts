/**
 * `sluice worker` for fault tests: the same process from the same composition root, armed to die at a point and with its
 * connections led where the test wants them. `FAULTS_AT=<point>:<hit>`, `FAULTS_SIGNAL=SIGKILL|SIGSTOP`,
 * `FAULTS_NOTE=<file>`, `FAULTS_LEAD=<ports>`.
 */
import { withChecks } from "../../../engine/flow/source-check.ts";
import { couponChecks } from "../../../ops/processes/coupon-checks.ts";
import { openCouponIssuing } from "../../../ops/processes/coupon-worker.ts";
import { runProcess } from "../../../engine/app/process/process.ts";
import { startTopologyWorker } from "../../../engine/app/process/topology-worker.ts";
import { app } from "../../../sluice.config.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { trapped } from "./around.ts";
import { leadConnections } from "../lead.ts";
import { failPoints } from "./points.ts";
import { parseArmed, springOn, type Trap, trapFor } from "../trap.ts";

const { FAULTS_AT: at, FAULTS_SIGNAL: signal, FAULTS_NOTE: note = "", FAULTS_LEAD: lead } = process.env;
if (lead !== undefined) leadConnections(lead);
const armed = at === undefined ? undefined : parseArmed(at);
const deadly = trapFor(armed, springOn(note, signal === "SIGSTOP" ? signal : "SIGKILL"));

/** Some points are met only on the way out: having written something, it sends itself SIGTERM. */
const leaves = failPoints.some(({ name, leaving }) => name === armed?.point && leaving);
let left = false;
const trap: Trap = (point) => {
  deadly(point);
  if (!leaves || left || !point.startsWith("produce-")) return;
  left = true;
  process.kill(process.pid, "SIGTERM");
};

await runProcess(app, "worker", async (context) =>
  startTopologyWorker(
    context,
    withChecks(couponIssuing, couponChecks(context.config)),
    await openCouponIssuing(context, trapped(trap)),
  ),
);
