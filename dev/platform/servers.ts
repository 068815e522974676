/** The stand-in platform's two servers: the one the contract describes, and the one where faults are set. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { repositoryRoot } from "../stack/layout.ts";
import type { Effects } from "./effects.ts";
import { type Faults, fateOf, InvalidFaults, isRefused, readFaults } from "./faults.ts";

/** What the contract's server works with. */
export interface ContractServer {
  readonly effects: Effects;
  readonly faults: () => Faults;
  readonly random: () => number;
  /** AttemptReply of each payment when it takes effect. */
  readonly onEffect: (document: unknown) => void;
}

interface Payment {
  readonly Body: { readonly paymentId: string; readonly userId: string };
  readonly Headers: { readonly "idempotency-key": string };
}

const headersSchema = {
  type: "object",
  required: ["idempotency-key"],
  properties: { "idempotency-key": { type: "string", minLength: 1, maxLength: 255 } },
};

/** Where payments are posted to. */
export const paymentsPath = "/v1/payments";

/** The server of the contract: docs/data-platform.md. */
export const contractServer = ({ effects, faults, random, onEffect }: ContractServer): FastifyInstance => {
  const server = Fastify({
    forceCloseConnections: true,
    bodyLimit: 16_384,
    // What is posted is compared as it came.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
  });
  server.addHook("onRequest", async (_request, reply) => {
    effects.arrived();
    // Whether it was answered or cut: once.
    reply.raw.once("close", () => effects.left());
  });
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    effects.count("malformed");
    return reply.status(error.statusCode ?? 500).send({ error: error.message });
  });
  const body: unknown = JSON.parse(readFileSync(join(repositoryRoot, "docs", "data-platform.schema.json"), "utf8"));
  server.post<Payment>(paymentsPath, { schema: { body, headers: headersSchema } }, async (request, reply) => {
    const now = faults();
    const fate = fateOf(now, random);
    if (now.latencyMs > 0) await sleep(now.latencyMs);
    if (fate !== "answer") effects.count("faulted");
    if (fate === "busy" || fate === "fail") return later(reply, fate === "busy" ? 429 : 503, now);
    if (fate === "told") return reply.status(now.answers ?? 500).send({ error: "as it was told to answer" });
    if (fate === "cut" || fate === "silent") return hangUp(reply, fate === "cut");
    if (isRefused(now, request.body.userId)) {
      effects.count("faulted");
      return reply.status(422).send({ error: "payments of this user are not taken" });
    }
    const how = effects.take(request.headers["idempotency-key"], request.body.paymentId, request.body);
    if (how === "taken") onEffect(request.body);
    if (fate === "loseAnswer") return hangUp(reply, true);
    return conclude(reply, how);
  });
  return server;
};

const later = (reply: FastifyReply, status: 429 | 503, { retryAfterSeconds }: Faults): FastifyReply => {
  if (retryAfterSeconds !== null) void reply.header("retry-after", String(retryAfterSeconds));
  return reply.status(status).send({ error: "later" });
};

/** Nothing is answered: the connection is cut, or left open until the client gives up. */
const hangUp = (reply: FastifyReply, cut: boolean): FastifyReply => {
  void reply.hijack();
  if (cut) reply.raw.destroy();
  return reply;
};

const conclude = (reply: FastifyReply, how: ReturnType<Effects["take"]>): FastifyReply => {
  switch (how) {
    case "taken":
      return reply.status(201).send({ taken: true });
    case "repeated":
      return reply.status(200).send({ taken: true });
    case "differing":
      return reply.status(422).send({ error: "this key came with another document before" });
    case "full":
      return reply.status(507).send({ error: "it keeps no more payments" });
  }
};

/** What the control server works with. */
export interface ControlServer {
  readonly effects: Effects;
  readonly faults: () => Faults;
  readonly setFaults: (faults: Faults) => Promise<void>;
}

/** The server for tests and the demo: /faults, /report, /effects, and /ready for the process that started it. */
export const controlServer = ({ effects, faults, setFaults }: ControlServer): FastifyInstance => {
  const server = Fastify({ forceCloseConnections: true, bodyLimit: 4_096 });
  server.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) =>
    reply.status(error instanceof InvalidFaults ? 400 : (error.statusCode ?? 500)).send({ error: error.message }),
  );
  server.get("/live", () => ({ ok: true }));
  server.get("/ready", () => ({ ok: true, why: [], codes: [] }));
  server.get("/faults", () => faults());
  server.put("/faults", async (request) => {
    await setFaults(readFaults(request.body));
    return faults();
  });
  server.get("/report", () => effects.report());
  server.get("/effects", (_request, reply) =>
    reply.type("application/x-ndjson").send(Readable.from(linesOf(effects.payments))),
  );
  return server;
};

/** One JSON array a line, some thousands of lines a chunk: a million payments are never one text. */
function* linesOf(payments: ReadonlyMap<string, number>): Generator<string> {
  let chunk = "";
  for (const payment of payments) {
    chunk += `${JSON.stringify(payment)}\n`;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}
