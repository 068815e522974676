/** `sluice` as an operator runs it: with what it answered, how long it took, and what memory it needed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { repositoryRoot } from "./stack/layout.ts";

/** A command that has ended. */
export interface Ran {
  readonly exitCode: number | null;
  /** Its document; undefined where it wrote none, or was killed. */
  readonly document: Document | undefined;
  readonly stderr: string;
  readonly tookMs: number;
  /** kB, as the kernel says. Undefined where it was killed. */
  readonly peakKb: number | undefined;
}

/** A document of `--json`. */
export interface Document {
  // Documents differ by command; each reader names what it reads.
  readonly data: unknown;
  readonly errors?: readonly { readonly code: string }[];
  readonly warnings?: readonly string[];
}

/** A command at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly ran: Promise<Ran>;
}

const rssMark = "peak RSS kB ";
/** Says at the end what memory it had. */
const tellRss = `data:text/javascript,process.on("exit",()=>process.stderr.write("\\n${rssMark}"+process.resourceUsage().maxRSS))`;

/** Starts `sluice <args> --json`. */
export const startSluice = (env: Readonly<Record<string, string>>, args: readonly string[]): Running => {
  const startedAt = performance.now();
  const command = ["--import", tellRss, join(repositoryRoot, "bin", "sluice.js"), ...args, "--json"];
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ran: ended(child, startedAt) };
};

/** Runs it to its end. */
export const sluice = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> =>
  startSluice(env, args).ran;

const ended = async (child: ChildProcess, startedAt: number): Promise<Ran> => {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError("it has no pipes");
  const [out, err] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  const [words = "", peak] = err.split(rssMark);
  return {
    exitCode: child.exitCode,
    document: documentOf(out),
    stderr: words.trim(),
    tookMs: Math.round(performance.now() - startedAt),
    peakKb: peak === undefined ? undefined : Number(peak),
  };
};

const documentOf = (out: string): Document | undefined => {
  try {
    return JSON.parse(out) as Document; // Written by sluice itself.
  } catch {
    return undefined;
  }
};
