/** `sluice api`: serves the coupon API. */
import { Command } from "commander";
import type { App } from "../../engine/app/define-app.ts";
import type { Config } from "../config.ts";

/** The command. */
export const apiCommand = (app: App<Config>): Command =>
  new Command("api")
    .summary("serve the coupon API until it is stopped")
    .description(
      "Serves the coupon API (SLUICE_API_HOST, SLUICE_API_PORT) until SIGTERM or Ctrl-C, then answers what is in flight " +
        "and ends. Configured by SLUICE_* variables; in development the stack that is up is found without them.",
    )
    .action(async () => {
      const [{ startApi }, { runProcess }] = await Promise.all([
        import("../processes/api.ts"),
        import("../../engine/app/process/process.ts"),
      ]);
      await runProcess(app, "api", startApi);
    });
