/** The console as a process: opens what it reads, listens, and says where. */
import { hostname } from "node:os";
import { readFile } from "node:fs/promises";
import { isLoopback } from "../../connect/loopback.ts";
import { systemClock } from "../../clock.ts";
import type { Role } from "../../console/documents.ts";
import { drawingStyles } from "../../console/live/drawing.ts";
import { createLive } from "../../console/live/live.ts";
import { assetOf } from "../../console/serve/modules.ts";
import { createConsole } from "../../console/serve/server.ts";
import { createLoginCodes, type LoginCodes } from "../../console/serve/sessions.ts";
import { readinessOf } from "../../readiness.ts";
import { CliError, describeError, environment, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, ProcessContext, Running } from "../define-app.ts";
import { actorOf } from "../deploying/open.ts";
import { listening } from "../process/listening.ts";
import { type OpenConsoleData, openConsoleData } from "./open-data.ts";
import { engineRoutes, pageRoutes } from "./routes.ts";

/** How a console is started. */
export interface ConsoleOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where browsers reach it, where that is not where it listens. */
  readonly publicUrl?: string | undefined;
  /** Whoever sees this terminal logs in as; undefined where nobody does so. */
  readonly terminalRole: Role | undefined;
  /** Is told the address that logs in: at the start, and whenever the one before was used. */
  readonly tell: (address: string) => void;
}

/** Starts it, on what `open` opens: by default the application's stores and the health ports of its processes. @throws CliError (NO_WAY_IN) where nobody could log in, (CANNOT_LISTEN) where the port is taken */
export const startConsole = async <Config extends EngineConfig>(
  app: App<Config>,
  { config, logger }: ProcessContext<Config>,
  options: ConsoleOptions,
  open: OpenConsoleData = () => openConsoleData(app, config),
): Promise<Running> => {
  const viewerOf = await app.console?.viewerOf?.(config);
  const { terminalRole: role } = options;
  if (viewerOf === undefined && role === undefined) throw noWayIn();
  const data = await open();
  const live = createLive(data.live, systemClock);
  const codes = createLoginCodes();
  const told = (url: string): void => options.tell(`${options.publicUrl ?? url}/#login=${codes.current()}`);
  let address = "";
  const server = await createConsole({
    app: app.name,
    live,
    routes: [...engineRoutes(app, data), ...pageRoutes(app, config)],
    pages: app.console?.pages ?? [],
    viewerOf,
    codes: role === undefined ? undefined : loginBy(codes, role, () => told(address)),
    publicUrl: options.publicUrl,
    styles: await stylesOfConsole(),
    describe: (error) => {
      const { code, message, fix = null } = describeError(error);
      return { code, message, fix, isAskers: error instanceof CliError };
    },
    logger,
    now: systemClock.now,
  });
  const { host, port } = options;
  if (isExposed(options))
    logger.warn(
      { event: "console.exposed", host },
      "whoever is on this network can read what browsers and the console send each other, tokens too: give --host 127.0.0.1, or put a proxy that speaks TLS before it and give its address as --url",
    );
  const settings = { host: "--host", port: "--port" };
  address = await listening({ host, port, settings }, () => server.listen({ host, port }));
  if (role !== undefined) {
    // It looks from the start on: whoever opens it after a burst sees the burst.
    live.watch(() => {});
    told(address);
  }
  return {
    ready: () => readinessOf([]),
    ended: new Promise(() => {}),
    listedAs: { kind: "console" },
    about: { url: address, host: hostname() },
    stop: async () => {
      await live.close();
      await server.close();
      await data.close();
    },
  };
};

/**
 * It speaks HTTP without TLS. Where browsers reach it by a proxy that adds it, or by a port of their own machine, as that of a container is
 * published, where it listens is to be reached by those alone.
 */
const isExposed = ({ host, publicUrl }: Pick<ConsoleOptions, "host" | "publicUrl">): boolean => {
  if (isLoopback(host)) return false;
  if (publicUrl === undefined) return true;
  const { protocol, hostname: reached } = new URL(publicUrl);
  return protocol !== "https:" && !isLoopback(reached);
};

/** Acts are in the audit log under the name that commands of this terminal write. */
const loginBy = (codes: LoginCodes, role: Role, taken: () => void) => ({
  ...{ ...codes, role, taken },
  name: actorOf(environment()),
});

const noWayIn = (): CliError =>
  new CliError("nobody could log in: this application takes no tokens for its console", {
    code: "NO_WAY_IN",
    exitCode: exitCodes.usage,
    fix: "Give --terminal viewer or operator, so that whoever sees this terminal logs in; or declare console.viewerOf in sluice.config.ts.",
  });

const stylesOfConsole = async () => {
  const own = (name: string) => readFile(new URL(`../../console/web/${name}`, import.meta.url), "utf8");
  const chart = await readFile(new URL(import.meta.resolve("uplot/dist/uPlot.min.css")), "utf8");
  return [
    assetOf("chart.css", "text/css", chart),
    assetOf("drawing.css", "text/css", drawingStyles()),
    assetOf("frame.css", "text/css", await own("frame.css")),
    assetOf("parts.css", "text/css", await own("parts.css")),
    assetOf("pages.css", "text/css", await own("pages.css")),
  ];
};
