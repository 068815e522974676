/** `sluice relay`: publishes an outbox. */
import { Command, Option } from "commander";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, outboxNamed, outboxNames } from "../define-app.ts";

/** The command. */
export const relayCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const names = outboxNames(app);
  return new Command("relay")
    .summary("publish the rows of one outbox until it is stopped")
    .description(
      "Publishes what transactions wrote to an outbox until SIGTERM or Ctrl-C, then finishes its batch and ends. Any number " +
        "may run: one of them leads, the others take over when it is gone. Configured by SLUICE_* variables; in " +
        "development the stack that is up is found without them. /live, /ready and /metrics are on " +
        "SLUICE_HEALTH_HOST and SLUICE_HEALTH_PORT, by default a free port of loopback.",
    )
    .addOption(new Option("--outbox <name>", "which outbox").choices(names).default(names[0]))
    .action(async ({ outbox }: { readonly outbox: string }) => {
      const { runProcess } = await import("../process/process.ts");
      await runProcess(app, "relay", outboxNamed(app, outbox).start);
    });
};
