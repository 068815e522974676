/** `sluice console`: what runs, what it came to and what may be done about it, in a browser. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Role } from "../../console/documents.ts";
import { integerOption, note } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { boundReaderHeap } from "../process/heap.ts";

/** Where it listens where no port is given: near the API's 8080 and a stand-in's 8090, and not one of theirs. */
export const defaultPort = 8_095;

interface Options {
  readonly host: string;
  readonly port: number;
  readonly url?: string;
  readonly terminal?: Role | "nobody";
}

/** The command. */
export const consoleCommand = <Config extends EngineConfig>(app: App<Config>): Command =>
  new Command("console")
    .summary("serve the console to browsers until it is stopped")
    .description(
      "Shows what runs, lag and waits, dead letters, what is deployed, and the pages of the application. Prints an address that logs in " +
        "once, to whoever sees this terminal. Reads the stores, and the health ports of the processes that entered themselves; no " +
        "Prometheus is needed. Viewers look; operators act, with the confirmations and the audit log of the commands.",
    )
    .option("--host <host>", "where it listens", "127.0.0.1")
    .option("--port <port>", "where it listens; 0 takes any free port", integerOption(0, 65_535), defaultPort)
    .option("--url <url>", "where browsers reach it, behind a proxy that speaks TLS", urlOption)
    .addOption(
      new Option(
        "--terminal <role>",
        "as what the printed address logs in (default: operator in development, nobody in production)",
      ).choices(["viewer", "operator", "nobody"]),
    )
    // Its pages of dead letters read whole topics.
    .hook("preAction", boundReaderHeap)
    .action(async ({ host, port, url, terminal }: Options) => {
      const [{ runProcess }, { startConsole }] = await Promise.all([
        import("../process/process.ts"),
        import("../console/start-console.ts"),
      ]);
      await runProcess(app, "console", (context) => {
        const role = terminal ?? (context.config.environment === "production" ? "nobody" : "operator");
        return startConsole(app, context, {
          host,
          port,
          publicUrl: url,
          terminalRole: role === "nobody" ? undefined : role,
          tell: (address) => note(`console: ${address}`),
        });
      });
    });

/** An origin, without a path. */
const urlOption = (text: string): string => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InvalidArgumentError("Expected an address such as https://console.example, without a path.");
};
