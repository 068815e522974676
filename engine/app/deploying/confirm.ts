/** Asks whether a plan may be carried out, where there is somebody to ask. */
import { createInterface } from "node:readline/promises";
import { risksOf, type Plan } from "../../deploy/plan/change.ts";
import { InterruptedError } from "../cli.ts";

/** What was confirmed on the command line. */
export interface Confirmed {
  /** Plain changes need no question. */
  readonly yes: boolean;
  /** Names of what risky changes are about. */
  readonly names: readonly string[];
}

/** Asks one question; answers what was typed. */
export type Ask = (question: string) => Promise<string>;

/**
 * Whether a plan may be carried out. Without anybody to ask, plain changes go through and risky ones only by name. With
 * somebody to ask, a risk is confirmed by typing its name: `yes` is not enough.
 */
export const isConfirmed = async (plan: Plan, { yes, names }: Confirmed, ask: Ask | undefined): Promise<boolean> => {
  const open = risksOf(plan).filter((name) => !names.includes(name));
  if (ask === undefined) return open.length === 0;
  for (const name of open) {
    const typed = await ask(`${name} has a risky change. Type its name to confirm: `);
    if (typed.trim() !== name) return false;
  }
  if (yes || open.length > 0) return true;
  return /^y(es)?$/i.test((await ask("Apply? [y/N] ")).trim());
};

/** Asks at this terminal; undefined where there is none. */
export const terminal = (): Ask | undefined => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return askOn(process.stdin, process.stderr);
};

/**
 * Asks at a terminal of these streams. Ctrl-D is an empty answer, which confirms nothing; an answer that never comes would end
 * the process in the middle. @throws InterruptedError on Ctrl-C
 */
export const askOn =
  (input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask =>
  async (question) => {
    const lines = createInterface({ input, output, terminal: true });
    const left = Promise.withResolvers<string>();
    lines.once("SIGINT", () => left.reject(new InterruptedError("the user")));
    lines.once("close", () => left.resolve(""));
    try {
      return await Promise.race([lines.question(question), left.promise]);
    } finally {
      lines.close();
    }
  };
