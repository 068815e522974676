/** What an application adds to the console: pages of its own, figures, and who may log in. */
import type { Figure } from "../../console/live/describe.ts";
import type { LoggingIn } from "../../console/serve/sessions.ts";
import type { EngineConfig } from "../config/engine-config.ts";

/** A page of an application. */
export interface ConsolePage<Config extends EngineConfig = EngineConfig> {
  /** Its path, and what asks for its data: `/api/<name>`. */
  readonly name: string;
  /** In the list of pages. */
  readonly title: string;
  /**
   * The browser's module, which exports `page`. It may import what is beside it, and the parts of the console's own pages; every file
   * that it leads to is served to whoever reaches the console, so nothing secret belongs there.
   */
  readonly module: URL;
  /** Answers what the page asks, as JSON. @throws CliError with what to do, and whatever it meets */
  readonly answer: (config: Config, query: Readonly<Record<string, string>>) => Promise<unknown>;
}

/** Reads a token: whose it is and until when, undefined where it is nobody's who may look. */
export type ViewerOf = (token: string) => Promise<LoggingIn | undefined>;

/** What an application adds. */
export interface ConsoleAdditions<Config extends EngineConfig = EngineConfig> {
  readonly pages?: readonly ConsolePage<Config>[];
  readonly figures?: readonly Figure[];
  /** Without it, only the address that is printed in development logs in. */
  readonly viewerOf?: (config: Config) => Promise<ViewerOf>;
}
