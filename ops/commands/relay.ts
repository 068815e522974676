/** `sluice relay`: publishes payments. */
import { Command } from "commander";
import type { App } from "../../engine/app/define-app.ts";
import type { Config } from "../config.ts";

/** The command. */
export const relayCommand = (app: App<Config>): Command =>
  new Command("relay")
    .summary("publish payments from the outbox until it is stopped")
    .description(
      "Publishes what was paid to payment-completed until SIGTERM or Ctrl-C, then finishes its batch and ends. Any number " +
        "may run: one of them leads, the others take over when it is gone. Configured by SLUICE_* variables; in " +
        "development the stack that is up is found without them. /live, /ready and /metrics are on a loopback port " +
        "(SLUICE_HEALTH_PORT).",
    )
    .action(async () => {
      const [{ startOutboxRelay }, { runProcess }] = await Promise.all([
        import("../processes/relay.ts"),
        import("../../engine/app/process.ts"),
      ]);
      await runProcess(app, "relay", startOutboxRelay);
    });
