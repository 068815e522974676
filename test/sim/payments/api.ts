/** The API's processes and the way to them: what a client sends may be lost on its way, and so may its answer. */
import { createPay } from "../../../api/payments/pay.ts";
import { apiDefaults } from "../../../api/http/parameters.ts";
import { problemOf } from "../../../api/http/problems/problem-of.ts";
import type { ProblemName } from "../../../api/http/problems/problems.ts";
import type { PaymentAnswer } from "../../../processors/payments/payment-ports.ts";
import { createPlace, type Place, type PlaceWorld, type Running } from "../environment/place.ts";
import type { Process } from "../environment/process.ts";
import type { Time, Turn } from "../environment/time.ts";
import { bookOf, inWords } from "./stores/book.ts";
import type { DatabaseWorld } from "./stores/connection.ts";
import { bytesFor, orderName } from "./names.ts";
import type { Wish } from "./workload.ts";

/** What a request was answered. */
export type Reply = PaymentAnswer | { readonly kind: "problem"; readonly problem: ProblemName };

/** A wish, sent once. */
export interface Request {
  /** From 1; the payment it makes is named by it. */
  readonly number: number;
  readonly wish: Wish;
}

/** What the API runs in. */
export interface ApiWorld extends DatabaseWorld, PlaceWorld {
  /** A request was answered by a process, whether or not its client hears of it. */
  readonly answered: (request: Request, reply: Reply) => void;
  /** One had no answer at its deadline, though its process was there. */
  readonly overdue: (request: Request, who: string) => void;
}

/** The API as clients see it. */
export interface Api {
  readonly places: readonly Place[];
  /** Sends a wish to one of its processes; `lost` where no answer came back within so many ms. */
  readonly ask: (wish: Wish, patienceMs: number) => Promise<Reply | "lost">;
  /** True where no client waits for an answer. */
  readonly isIdle: () => boolean;
}

/** One process that takes requests. */
interface Server {
  readonly process: Process;
  readonly serve: (request: Request) => Promise<Reply>;
  /** Clients that wait for it; each is notified when it is gone. */
  readonly waiting: Set<() => void>;
}

/** The API, with nothing started. */
export const createApi = (world: ApiWorld): Api => {
  const { scenario, time, dice, trace, stormy, database } = world;
  const servers = new Map<string, Server>();
  const boot = async (process: Process): Promise<Running> => {
    const server = serverOf(process, world);
    servers.set(process.name, server);
    trace.add(process.name, () => "serves");
    return {
      ended: new Promise(() => {}),
      stop: async () => {
        servers.delete(process.name);
        while (server.waiting.size > 0) await process.clock.sleep(10);
      },
    };
  };
  const gone = (process: Process): void => {
    const server = servers.get(process.name);
    servers.delete(process.name);
    for (const end of server?.waiting ?? []) time.after(1, end);
    time.after(dice.between(1, 30), () => database.closeAll(process, "its process is gone"));
  };
  const places = Array.from({ length: scenario.apis }, (_, n) => createPlace({ name: `a${n + 1}`, boot, gone }, world));
  const isLost = (): boolean => stormy() && dice.chance(scenario.faults.refused);
  let requests = 0;
  const ask: Api["ask"] = (wish, patienceMs) =>
    new Promise((resolve) => {
      requests += 1;
      const request = { number: requests, wish };
      const readinessPolicy = time.after(patienceMs, () => end("lost"));
      const end = (reply: Reply | "lost"): void => {
        readinessPolicy.cancelled = true;
        resolve(reply);
      };
      time.after(dice.between(1, scenario.latencyMs), () => {
        const there = [...servers.values()];
        const server = there[dice.between(0, there.length - 1)];
        if (server === undefined || isLost()) {
          end("lost");
          return;
        }
        const cut = (): void => end("lost");
        server.waiting.add(cut);
        const answer = (reply: Reply): void => {
          server.waiting.delete(cut);
          world.answered(request, reply);
          if (isLost()) cut();
          else time.after(dice.between(1, scenario.latencyMs), () => end(reply));
        };
        server.process.reach(() => take(request, { server, world, answer }));
      });
    });
  const isIdle = (): boolean => [...servers.values()].every(({ waiting }) => waiting.size === 0);
  return { places, ask, isIdle };
};

/** Has a process serve a request, and looks at its deadline whether it has. */
const take = (
  request: Request,
  {
    server,
    world,
    answer,
  }: { readonly server: Server; readonly world: ApiWorld; readonly answer: (reply: Reply) => void },
): void => {
  const { process, serve } = server;
  const { time, trace, scenario } = world;
  const { orderId, userId, key } = request.wish;
  const about = [orderName(orderId)];
  trace.add(
    process.name,
    () => `is asked by ${userId} for ${orderName(orderId)}, ${key}, as #${request.number}`,
    about,
  );
  let isAnswered = false;
  void serve(request).then((reply) => {
    isAnswered = true;
    const words = reply.kind === "problem" ? reply.problem : inWords(reply);
    trace.add(process.name, () => `answers #${request.number}: ${words}`, about);
    answer(reply);
  });
  const look = (): void => {
    if (!isAnswered) world.overdue(request, process.name);
  };
  // A process that was frozen at the deadline has its say first.
  time.after(scenario.acknowledgeTimeoutMs + 1, () => process.reach(() => time.after(1, () => process.reach(look))));
};

const serverOf = (process: Process, world: ApiWorld): Server => {
  const settings = {
    ...apiDefaults,
    paymentLanes: world.scenario.lanes,
    maxWaitingPayments: world.scenario.maxWaiting,
    acknowledgeTimeoutMs: world.scenario.acknowledgeTimeoutMs,
  };
  let current = 0;
  const pay = createPay({
    payments: bookOf(process, world),
    clock: apiClock(process, world.time),
    // Drawn while a request is taken in, and for it.
    randomBytes: () => bytesFor(current),
    settings,
  });
  const serve = async ({ number, wish }: Request): Promise<Reply> => {
    try {
      const { orderId, userId, key } = wish;
      current = number;
      const paying = pay({ orderId, userId, key });
      current = 0;
      return await paying;
    } catch (error) {
      return { kind: "problem", problem: problemOf(error, settings).code };
    }
  };
  return { process, serve, waiting: new Set() };
};

const apiClock = (process: Process, time: Time) => ({
  now: time.now,
  after: (delayMs: number, run: () => void): (() => void) => {
    const turn: Turn = time.after(delayMs, () => process.reach(() => turn.cancelled || run()));
    return () => {
      turn.cancelled = true;
    };
  },
});
