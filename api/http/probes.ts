/** Routes for operators: whether the process is up, whether it should be sent requests, and what it offers. */
import type { FastifyInstance } from "fastify";
import { problemResponses } from "./openapi.ts";
import type { Readiness } from "../../engine/readiness.ts";
import { Problem } from "./problems/problems.ts";

/** What the probes need. `closing` is true from the moment the process has begun to stop. */
export interface Probes {
  readonly ready: () => Readiness;
  readonly closing: () => boolean;
  readonly retryAfterSeconds: number;
}

const ok = (description: string) =>
  ({
    description,
    type: "object",
    required: ["status"],
    properties: { status: { type: "string", enum: ["ok"] } },
  }) as const;

/** A process that is degraded accepts what it can: every other replica misses the same. */
const readyBody = {
  description: "Yes; where something is missing that it can do without, `degraded` says what.",
  type: "object",
  required: ["status"],
  properties: {
    status: { type: "string", enum: ["ok", "degraded"] },
    degraded: { type: "array", items: { type: "string" } },
  },
} as const;

/** Adds `/live`, `/ready` and `/openapi.json`. */
export const addProbes = (app: FastifyInstance, { ready, closing, retryAfterSeconds }: Probes): void => {
  app.get(
    "/live",
    {
      schema: {
        operationId: "live",
        summary: "Liveness: whether the process is running",
        tags: ["probes"],
        response: { 200: ok("It is."), ...problemResponses([]) },
      },
    },
    async () => ({ status: "ok" }),
  );
  app.get(
    "/ready",
    {
      schema: {
        operationId: "ready",
        summary: "Readiness: whether the process can accept requests",
        tags: ["probes"],
        response: { 200: readyBody, ...problemResponses(["not-ready"]) },
      },
    },
    async () => {
      const { ok: good, why, degraded }: Pick<Readiness, "ok" | "why" | "degraded"> = closing() ? stopping : ready();
      if (good) return degraded === undefined ? { status: "ok" } : { status: "degraded", degraded };
      throw new Problem("not-ready", {
        detail: `Not ready: ${why.join("; ")}`,
        headers: { "retry-after": String(retryAfterSeconds) },
      });
    },
  );
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
};

const stopping = { ok: false, why: ["it is stopping"] };
