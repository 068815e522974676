/** What the page of dead letters asks, and what an operator has done by it. */
import { ConsoleFailure } from "../../console/serve/failure.ts";
import type { Asked, Route } from "../../console/serve/server.ts";
import { defaultLimits, type ReplayLimits } from "../../dlq/jobs/job.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { type Act, type LettersData, limitsWith, type Meant } from "./letters.ts";
import { topologyIn } from "./topology-in.ts";

/** Characters of a reason: the audit log keeps so many. */
const longestReason = 1_000;

/** What an operator typed, whose confirmation is the topology's name, as the command's is. @throws ConsoleFailure */
const confirmedAct = (topology: string, { body: { confirm, reason }, viewer }: Asked): Act => {
  if (confirm !== topology)
    throw new ConsoleFailure(400, "NOT_CONFIRMED", `to confirm, ${topology} has to be typed; nothing was changed`);
  if (typeof reason !== "string" || reason.trim() === "")
    throw new ConsoleFailure(400, "NO_REASON", "this needs a reason, for the audit log; nothing was changed");
  const given = reason.trim();
  if (given.length > longestReason) {
    const why = `a reason has ${longestReason} characters at most, and this one ${given.length}; nothing was changed`;
    throw new ConsoleFailure(400, "LONG_REASON", why);
  }
  return { actor: viewer.name, reason: given };
};

const numberIn = (
  value: unknown,
  { name, min, max }: { readonly name: string; readonly min: number; readonly max: number },
) => {
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= min && number <= max) return number;
  throw new ConsoleFailure(400, "USAGE", `${name}: expected ${min} to ${max}`);
};

const limitsIn = ({ rate, canary }: Readonly<Record<string, unknown>>): ReplayLimits =>
  limitsWith({
    rate: numberIn(rate, { name: "rate", min: 0.001, max: 100_000 }) ?? defaultLimits.rate,
    canary: Math.floor(numberIn(canary, { name: "canary", min: 0, max: 100_000 }) ?? defaultLimits.canary),
  });

const textIn = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const meantIn = ({ fingerprint, id }: Readonly<Record<string, unknown>>): Meant => {
  const [ofCause, ofRecord] = [textIn(fingerprint), textIn(id)];
  return {
    ...(ofCause === undefined ? {} : { fingerprint: ofCause }),
    ...(ofRecord === undefined ? {} : { id: ofRecord }),
  };
};

/** Those of the page of dead letters. */
export const letterRoutes = <Config extends EngineConfig>(app: App<Config>, letters: LettersData): readonly Route[] => [
  { method: "GET", path: "letters", answer: async ({ query }) => letters.look(topologyIn(app, query)) },
  {
    method: "GET",
    path: "letters/list",
    answer: async ({ query }) => letters.list(topologyIn(app, query), meantIn(query)),
  },
  {
    method: "GET",
    path: "letters/show",
    answer: async ({ query }) => letters.show(topologyIn(app, query), query["id"] ?? ""),
  },
  {
    method: "GET",
    path: "letters/plan",
    answer: async ({ query }) => letters.plan(topologyIn(app, query), meantIn(query), limitsIn(query)),
  },
  {
    method: "POST",
    path: "letters/replay",
    answer: async (asked) => {
      const { body } = asked;
      const topology = topologyIn(app, body);
      const planned = numberIn(body["planned"], { name: "planned", min: 1, max: 100_000_000 }) ?? 0;
      const how = { ...confirmedAct(topology, asked), limits: limitsIn(body), planned };
      return { job: await letters.replay(topology, meantIn(body), how) };
    },
  },
  {
    method: "POST",
    path: "letters/resume",
    answer: async (asked) => {
      const { body } = asked;
      const topology = topologyIn(app, body);
      return { job: await letters.resume(topology, textIn(body["job"]) ?? "", confirmedAct(topology, asked)) };
    },
  },
  {
    method: "POST",
    path: "letters/discard",
    answer: async (asked) => {
      const { body } = asked;
      const topology = topologyIn(app, body);
      const how = { ...confirmedAct(topology, asked), undo: body["undo"] === true };
      return { letters: await letters.discard(topology, meantIn(body), how) };
    },
  },
  {
    method: "POST",
    path: "letters/ask",
    answer: async (asked) => {
      const { body } = asked;
      const topology = topologyIn(app, body);
      const wanted = body["wanted"] === "cancelled" ? "cancelled" : "paused";
      await letters.ask(topology, textIn(body["job"]) ?? "", wanted, confirmedAct(topology, asked));
      return {};
    },
  },
];
