/**
 * What another process answered, read field by field. Whoever may write to the list of processes says where is asked, so an answer
 * is anybody's text until it is read: what does not fit is left out. Pure.
 */
import { type Readiness, readinessCodes, type ReadinessCode } from "../../readiness.ts";
import { type Repair, repairsKept } from "../../repairs.ts";
import type { Hold } from "../../worker/failures/holds.ts";

/** What `/ready` answered. @throws Error where it is none: its own words, none of the answer's */
export const readinessFrom = (text: string): Readiness => {
  const value = parsed(text, "/ready");
  if (!isObject(value) || typeof value["ok"] !== "boolean") throw new Error("its /ready is no readiness");
  const { ok, why, codes, degraded } = value;
  return {
    ok,
    why: textsIn(why),
    codes: textsIn(codes).filter(isCode),
    ...(Array.isArray(degraded) && { degraded: textsIn(degraded) }),
  };
};

/** The holds that `/holds` answered, those that are some. @throws Error where it is no JSON */
export const holdsFrom = (text: string): readonly Hold[] => {
  const value = parsed(text, "/holds");
  return Array.isArray(value) ? value.flatMap((one: unknown) => holdFrom(one) ?? []) : [];
};

/** The repairs that `/repairs` answered, those that are some. @throws Error where it is no JSON */
export const repairsFrom = (text: string): readonly Repair[] => {
  const value = parsed(text, "/repairs");
  return Array.isArray(value) ? value.slice(0, repairsKept).flatMap((one: unknown) => repairFrom(one) ?? []) : [];
};

const parsed = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the answer, which may be any server's.
    throw new Error(`its ${path} is no JSON`);
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one: unknown) => typeof one === "string") : [];

const isCode = (text: string): text is ReadinessCode => Object.hasOwn(readinessCodes, text);

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const repairFrom = (value: unknown): Repair | undefined => {
  if (!isObject(value)) return undefined;
  const { atMs, what, before, after } = value;
  if (!isNumber(atMs) || typeof what !== "string") return undefined;
  return typeof before === "string" && typeof after === "string" ? { atMs, what, before, after } : undefined;
};

const holdFrom = (value: unknown): Hold | undefined => {
  if (!isObject(value)) return undefined;
  const { call, calls, who, code, message, sinceMs, codeSinceMs } = value;
  if (typeof call !== "string" || typeof code !== "string" || typeof message !== "string") return undefined;
  if (!isNumber(calls) || !isNumber(sinceMs)) return undefined;
  return {
    ...{ call, calls, code, message, sinceMs },
    who: typeof who === "string" ? who : undefined,
    codeSinceMs: isNumber(codeSinceMs) ? codeSinceMs : sinceMs,
  };
};
