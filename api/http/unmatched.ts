/** Requests that no route takes: an unknown path, or a known one with another method. */
import { Problem } from "./problems/problems.ts";

/** Learns the routes there are and says what is wrong with a request that none of them took. */
export interface Unmatched {
  readonly learn: (template: string, methods: string | readonly string[]) => void;
  /** `method-not-allowed` with `Allow`, or `not-found`. `url` may have a query. */
  readonly problem: (method: string, url: string) => Problem;
}

/** Knows no route yet. */
export const createUnmatched = (): Unmatched => {
  const methodsOf = new Map<string, Set<string>>();
  return {
    learn: (template, methods) => {
      const known = methodsOf.get(template) ?? new Set();
      methodsOf.set(template, known);
      for (const method of [methods].flat()) known.add(method);
    },
    problem: (method, url) => {
      const path = url.split("?", 1)[0] ?? "";
      for (const [template, methods] of methodsOf) {
        if (!isOf(template, path)) continue;
        const allow = [...methods].sort().join(", ");
        return new Problem("method-not-allowed", { detail: `${method} is not one of ${allow}.`, headers: { allow } });
      }
      return new Problem("not-found", { detail: "There is nothing at this path." });
    },
  };
};

const isOf = (template: string, path: string): boolean => {
  const wanted = template.split("/");
  const got = path.split("/");
  return (
    wanted.length === got.length &&
    wanted.every((part, at) => part === got[at] || (part.startsWith(":") && got[at] !== ""))
  );
};
