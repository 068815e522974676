/** `sluice exporter`: serves what Kafka shows from outside, for Prometheus. */
import { Command } from "commander";
import { integerOption } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";

/** kafka_exporter's own. */
const defaultPort = 9_308;

/** The command. */
export const exporterCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("exporter")
    .summary("serve Kafka's topics, partitions, groups and lags to Prometheus until it is stopped")
    .description(
      "Serves the names and labels of kafka_exporter, read from the brokers at each scrape. /metrics, /live and /ready are on " +
        "SLUICE_HEALTH_HOST. While no broker answers, kafka_brokers is 0 and nothing else is served.",
    )
    .option("--port <port>", "where it listens; 0 takes any free port", integerOption(0, 65_535), defaultPort)
    .action(async ({ port }: { readonly port: number }) => {
      const [{ runProcess }, { startExporter }] = await Promise.all([
        import("../process/process.ts"),
        import("../exporter/exporter.ts"),
      ]);
      await runProcess(app, "exporter", startExporter, { healthPort: port, portSetting: "--port" });
    });
