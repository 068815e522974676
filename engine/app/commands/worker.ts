/** `sluice worker`: runs a topology. */
import { Command, Option } from "commander";
import { boundHeap } from "../heap.ts";
import { topologies, type TopologyName, topologyNames } from "../../../ops/processes/topologies.ts";

/** The command. */
export const workerCommand = (): Command =>
  new Command("worker")
    .summary("run a worker of one topology until it is told to stop")
    .description(
      "Joins the topology's consumer group and works until SIGTERM or Ctrl-C, then drains, commits and leaves. " +
        "Configured by SLUICE_* variables; in development the stack that is up is found without them. /live, /ready " +
        "and /metrics are on a loopback port (SLUICE_HEALTH_PORT).",
    )
    .addOption(new Option("--topology <name>", "which topology").choices(topologyNames).default("coupon-issuing"))
    .action(async ({ topology }: { readonly topology: TopologyName }) => {
      boundHeap();
      const [start, { runProcess }] = await Promise.all([topologies[topology].worker(), import("../process.ts")]);
      await runProcess("worker", start);
    });
