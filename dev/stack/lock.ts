/**
 * Lets one process at a time work on a folder. The lock is a Unix socket in Linux's abstract namespace: taking it is
 * atomic, and the kernel gives it back when its holder dies, however it dies, so there is no stale lock to break.
 */
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError, exitCodes } from "../../engine/app/cli.ts";

/**
 * Runs `work` while holding the lock of `path`; waits up to `waitMs` for the process that holds it.
 * @throws CliError (conflict) naming the holder when it is still held then; whatever `work` throws.
 */
export async function withLock<T>(
  path: string,
  { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  let release = await tryLock(path);
  while (release === undefined) {
    signal?.throwIfAborted();
    if (performance.now() > deadline) throw await busyError(path);
    await sleep(100);
    release = await tryLock(path);
  }
  try {
    return await work();
  } finally {
    release();
  }
}

/** Takes the lock of `path`, or of anything else with a name, if it is free; gives the function that releases it. */
export async function tryLock(path: string): Promise<(() => void) | undefined> {
  const server = await tryListen(addressOf(path));
  return server && (() => server.close());
}

/** Hashed, because the name of such a socket may not be longer than 107 bytes. */
function addressOf(path: string): string {
  return `\0sluice-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
}

async function busyError(path: string): Promise<CliError> {
  const holder = await askHolder(addressOf(path));
  return new CliError(`process ${holder} is at work on ${path}`, {
    code: "STACK_BUSY",
    exitCode: exitCodes.conflict,
    fix: `Wait for it, or end it (kill ${holder}), and try again.`,
  });
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end(String(process.pid)));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => {
      // Holding a lock is no reason for a process to stay alive.
      server.unref();
      resolve(server);
    });
  });
}

/** The pid of the holder; `?` when it does not say within a second. */
function askHolder(address: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(address);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(/^\d{1,10}$/.test(answer) ? answer : "?"));
  });
}
