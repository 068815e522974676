/** `sluice worker`: runs a topology. */
import { Command, Option } from "commander";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNamed, topologyNames } from "../define-app.ts";
import { environment, integerOption } from "../cli.ts";
import { boundHeap, heapShare } from "../process/heap.ts";
import { runSideBySide, sideBySideMax } from "../process/side-by-side.ts";

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
    .addOption(
      new Option(
        "--processes <number>",
        `so many workers, each a process with an even share of the memory; 1 to ${sideBySideMax}`,
      )
        .argParser(integerOption(1, sideBySideMax))
        .default(1),
    )
    .action(async ({ topology, processes }: { readonly topology: string; readonly processes: number }) => {
      if (processes > 1) return beside(topology, processes);
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

/** The same command, so many times. Its log is theirs, line by line. */
const beside = async (topology: string, count: number): Promise<void> => {
  const [{ flushMs, openLog }, { untilStopped }, { systemClock }] = await Promise.all([
    import("../process/log-output.ts"),
    import("../process/process.ts"),
    import("../../clock.ts"),
  ]);
  const { logger, flush } = openLog({ name: "workers", level: "info" });
  const [, script = ""] = process.argv;
  const command = [...process.execArgv, ...heapShare(count), script, "worker", "--topology", topology];
  const stopping = untilStopped(logger);
  const about = { count, command, logger, clock: systemClock, environment: environment(), stopping };
  const code = await runSideBySide(about);
  await flush(flushMs);
  process.exit(code);
};
