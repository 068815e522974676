/** `sluice worker`: runs a topology. */
import { Command } from "commander";
import { boundHeap } from "../heap.ts";

/** The command. */
export const workerCommand = (): Command =>
  new Command("worker")
    .summary("run a worker of coupon issuing until it is told to stop")
    .description(
      "Joins the consumer group and issues coupons until SIGTERM or Ctrl-C, then drains, commits and leaves. Configured " +
        "by SLUICE_* variables; in development the stack that is up is found without them. /live, /ready and /metrics " +
        "are on a loopback port (SLUICE_HEALTH_PORT).",
    )
    .action(async () => {
      boundHeap();
      const [{ startCouponWorker }, { runProcess }] = await Promise.all([
        import("../coupon-worker.ts"),
        import("../process.ts"),
      ]);
      await runProcess("worker", startCouponWorker);
    });
