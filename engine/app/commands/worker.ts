/** `sluice worker`: runs a topology. */
import { Command, Option } from "commander";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNamed, topologyNames } from "../define-app.ts";
import { boundHeap } from "../process/heap.ts";

/** The command. */
export const workerCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const names = topologyNames(app);
  return new Command("worker")
    .summary("run a worker of one topology until it is stopped")
    .description(
      "Starts only where its graph was deployed (`topology apply`), joins the topology's consumer group and works until SIGTERM or Ctrl-C, then drains, commits and leaves. " +
        "Configured by SLUICE_* variables. /live, /ready and /metrics are on SLUICE_HEALTH_HOST and SLUICE_HEALTH_PORT, by default a free port of loopback.",
    )
    .addOption(new Option("--topology <name>", "which topology").choices(names).default(names[0]))
    .action(async ({ topology }: { readonly topology: string }) => {
      boundHeap();
      const [{ runProcess }, { refuseBeforeStart }] = await Promise.all([
        import("../process/process.ts"),
        import("../deploying/start-check.ts"),
      ]);
      const hosted = topologyNamed(app, topology);
      await runProcess(app, "worker", async (context) => {
        await refuseBeforeStart(app, context, hosted);
        return hosted.start(context);
      });
    });
};
