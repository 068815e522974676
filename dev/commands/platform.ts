/** `sluice platform`: a stand-in for the external data platform. */
import { Command } from "commander";
import {
  CliError,
  environment,
  integerOption,
  interruptible,
  jsonDocument,
  note,
  printJson,
} from "../../engine/app/cli.ts";

interface PlatformCommandOptions {
  readonly port: number;
  readonly controlPort?: number;
  readonly maxPayments: number;
  readonly json?: boolean;
}

/** The command. */
export const platformCommand = (): Command =>
  new Command("platform")
    .summary("run a stand-in for the external data platform until it is told to stop")
    .description(
      "Takes payments as docs/data-platform.md says, on loopback, and counts their effects. On its control port, PUT " +
        "/faults makes it slow, flaky, busy or away, or has it refuse users, GET /report and GET /effects say what it has done.",
    )
    .option("--port <port>", "where payments are posted to", integerOption(0, 65_535), 8090)
    .option("--control-port <port>", "default: SLUICE_HEALTH_PORT, or 8091", integerOption(0, 65_535))
    .option("--max-payments <count>", "payments it remembers", integerOption(1, 5_000_000), 200_000)
    .option("--json", "print one JSON document when it is up")
    .action(run);

const run = async ({ json, controlPort, ...options }: PlatformCommandOptions): Promise<void> => {
  const { startPlatform } = await import("../platform/stand-in.ts");
  const given = environment()["SLUICE_HEALTH_PORT"];
  const control = controlPort ?? (given === undefined ? 8091 : integerOption(0, 65_535)(given));
  const platform = await startPlatform({ ...options, controlPort: control }).catch((error: unknown) => {
    throw portTaken(error) ?? error;
  });
  const { url, controlUrl } = platform;
  if (json) printJson(jsonDocument("platform", { url, controlUrl }));
  note(`payments: ${url}\ncontrol:  ${controlUrl}`);
  await interruptible(
    (signal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
  );
  await platform.close();
};

const portTaken = (error: unknown): CliError | undefined => {
  if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error)) return undefined;
  return new CliError(`port ${String(error.port)} is taken by another process`, {
    code: "PORT_TAKEN",
    fix: "Choose others: --port <port> --control-port <port>; 0 takes any that is free.",
    cause: error,
  });
};
