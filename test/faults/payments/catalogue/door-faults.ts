/** What strangers do to the API, and what supervisors and terminals do to processes: thousands of long polls, and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { createReservationIds } from "../../../../api/coupons/reservation-id.ts";
import { mintToken } from "../../../../api/tokens/token.ts";
import { usageOf } from "../../../../dev/bench/usage.ts";
import { endpointsEnv } from "../../../../dev/stack/endpoints.ts";
import { repositoryRoot } from "../../../../dev/stack/layout.ts";
import type { UserId } from "../../../../schemas/coupon.ts";
import type { PayFault, PayFaultRun, PayTried } from "../fault.ts";
import { namesFrom, oneOfEach, type PayLive, underPayLoad } from "../live.ts";
import type { PayChild, PayScene } from "../scene.ts";

const [connections, pollsEach] = [10, 4_100];
/**
 * It was 480 MB after one flood where every poll was held. An API that pays at this rate has 205 MB, and what is added is garbage,
 * which V8 collects when it likes: on a busy machine 361 MB after six floods, 2026-11-27; in process, with its garbage collected
 * after each, 37 MB live and 208 MB resident from the third on.
 */
const mostBytes = 400 * 1_024 * 1_024;
/** Lines a second that the API may log, of all kinds. */
const mostLines = 5;

const floodPolls = (run: PayFaultRun): Promise<PayTried> =>
  underPayLoad(run, { crew: oneOfEach, perSecond: 50 }, async (live) => {
    const api = [...live.members.values()].find(({ role }) => role === "api");
    if (api === undefined) throw new Error("there is no API");
    const { peakRssBytes } = await usageOf(api.pid);
    live.note(`before any of them the API had ${megabytes(peakRssBytes)} at most`);
    for (let n = 0; n < run.times; n++) await floodOnce(run.scene, live, api, n);
  });

const floodOnce = async (scene: PayScene, live: PayLive, api: PayChild, n: number): Promise<void> => {
  const linesBefore = await linesOf(api);
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, at) => floodFrom(scene, api.url, `${live.feed.prefix}greedy-${n}-${at}`)),
  );
  live.struck();
  const beganAt = performance.now();
  let slowestMs = 0;
  for (let asked = 0; asked < 50; asked++) {
    const askedAt = performance.now();
    const { url, headers } = pollOf(scene, api.url, `${live.feed.prefix}patient-${n}-${asked}`, 0);
    const answer = await fetch(url, { headers });
    await answer.body?.cancel();
    slowestMs = Math.max(slowestMs, performance.now() - askedAt);
    if (answer.status !== 200) live.missed(`another user was answered ${answer.status}; see ${api.logFile}`);
    await live.wait(100);
  }
  for (const socket of sockets) socket.destroy();
  const { peakRssBytes } = await usageOf(api.pid);
  const lines = (await linesOf(api)) - linesBefore;
  const seconds = (performance.now() - beganAt) / 1_000;
  if (peakRssBytes > mostBytes) live.missed(`the API took ${megabytes(peakRssBytes)}`);
  if (lines > mostLines * (seconds + 1)) live.missed(`the API logged ${lines} lines in ${Math.round(seconds)} s`);
  live.note(
    `${connections * pollsEach} long polls of ${connections} connections: at most ${megabytes(peakRssBytes)}, ${lines} log lines, others answered within ${Math.ceil(slowestMs)} ms`,
  );
};

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_024 / 1_024)} MB`;

const linesOf = async ({ logFile }: PayChild): Promise<number> => (await readFile(logFile, "utf8")).split("\n").length;

const pollOf = ({ config }: PayScene, api: string, user: string, waitMs: number) => {
  const now = Date.now();
  // A name of ours, of the right alphabet.
  const id = createReservationIds(config.tokenSecret).mint(user as UserId, now, randomBytes(4));
  const token = mintToken({ secret: config.tokenSecret, userId: user, ttlMs: 600_000, now });
  return { url: `${api}/v1/reservations/${id}?waitMs=${waitMs}`, headers: { authorization: `Bearer ${token}` } };
};

/** Sends thousands of polls ahead on one connection, and reads no answer. */
const floodFrom = async (scene: PayScene, api: string, user: string): Promise<Socket> => {
  const { url, headers } = pollOf(scene, api, user, 10_000);
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  // It is cut off, and that is right.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const poll = `GET ${pathname}${search} HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\n\r\n`;
  socket.write(poll.repeat(pollsEach));
  return socket;
};

/** How long a process may live on without the npm that started it: a look every half a second, then its drain. */
const goneWithinMs = 15_000;

const stopNpm = (run: PayFaultRun): Promise<PayTried> => {
  const next = namesFrom(1);
  return underPayLoad(run, { crew: oneOfEach, perSecond: 50 }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      const { npm, pid, ended } = await relayUnderNpm(run.scene);
      npm.kill("SIGTERM");
      live.struck();
      const said = await Promise.race([ended, live.wait(goneWithinMs)]);
      if (said === undefined) {
        live.missed(`process ${pid} lived on ${goneWithinMs} ms after npm was gone`);
        process.kill(pid, "SIGKILL");
      } else if (!said.includes("process.stopped")) live.missed(`process ${pid} did not drain`);
      await interruptTwice(live, await live.spawn({ name: next("relay"), role: "relay" }));
    }
  });
};

/** As Ctrl-C does it through a terminal, npm and its shell. */
const interruptTwice = async (live: PayLive, relay: PayChild): Promise<void> => {
  while (!(await readFile(relay.logFile, "utf8")).includes("process.started")) await live.wait(100);
  for (let press = 0; press < 2; press++) {
    relay.signal("SIGINT");
    await live.wait(50);
  }
  const how = await relay.ended;
  if (how !== "exit code 0") live.missed(`${relay.name} was interrupted twice at once and ended with ${how}`);
};

interface UnderNpm {
  readonly npm: ChildProcess;
  /** Of the relay, which npm's shell started. */
  readonly pid: number;
  /** All that it logged, once it has ended. */
  readonly ended: Promise<string>;
}

const relayUnderNpm = async ({ endpoints, config }: PayScene): Promise<UnderNpm> => {
  const { PATH, HOME } = process.env;
  const npm = spawn("npm", ["run", "--silent", "sluice", "--", "relay"], {
    cwd: repositoryRoot,
    env: { PATH, HOME, ...endpointsEnv(endpoints), SLUICE_GROUP_PREFIX: config.groupPrefix, SLUICE_HEALTH_PORT: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const started = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<string>();
  const lines: string[] = [];
  const reading = createInterface({ input: npm.stderr });
  reading.on("line", (line) => {
    lines.push(line);
    // A line of pino: it names its process.
    if (line.includes('"process.started"')) started.resolve((JSON.parse(line) as { readonly pid: number }).pid);
  });
  reading.on("close", () => {
    ended.resolve(lines.join("\n"));
    started.reject(new Error(`the relay under npm did not start: ${lines.at(-1)}`));
  });
  return { npm, pid: await started.promise, ended: ended.promise };
};

/** What strangers, supervisors and terminals do. */
export const payDoorFaults: readonly PayFault[] = [
  {
    name: "pay-long-polls",
    about: `${connections} connections send ${connections * pollsEach} long polls ahead and read no answer; others pay and ask meanwhile`,
    windows: [],
    times: 3,
    brokers: 1,
    run: floodPolls,
  },
  {
    name: "pay-npm-stopped",
    about: "A relay is started by npm, and npm alone gets SIGTERM; another gets SIGINT twice at once",
    windows: [],
    times: 3,
    brokers: 1,
    run: stopNpm,
  },
];
