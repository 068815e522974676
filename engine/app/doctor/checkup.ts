/** Runs the checks of `sluice doctor` side by side: each is bounded in time, and one that fails hides no other. */
import type { EngineConfig } from "../config/engine-config.ts";

/** What a check found: `warn` works, but is not as it should be; `fail` does not work. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was found, in one line. */
  readonly found: string;
  /** What to do about it; absent where nothing is to be done. */
  readonly fix?: string;
}

/** One check. */
export interface DoctorCheck<Config extends EngineConfig = EngineConfig> {
  /** What is checked, such as `brokers`. */
  readonly name: string;
  /** Only looks. What it throws is a finding of level `fail`. */
  readonly run: (config: Config) => Promise<Finding>;
  /** What to do where it throws or gives no answer in time. */
  readonly fix: string;
}

/** A finding with the name of its check. */
export interface NamedFinding extends Finding {
  readonly name: string;
}

/** One cause, such as a password that is wrong, fails many checks: it is said once, with what to do, and then referred to. Pure. */
export const sayOnce = (findings: readonly NamedFinding[]): readonly NamedFinding[] =>
  findings.map((finding, at) => {
    const same = findings.slice(0, at).find(({ level, found }) => level === "fail" && found === finding.found);
    if (finding.level !== "fail" || same === undefined) return finding;
    return { name: finding.name, level: finding.level, found: `as ${same.name}` };
  });

/** Runs all checks; the findings are in their order. `limitMs` is the longest that one may take. */
export const checkUp = <Config extends EngineConfig>(
  checks: readonly DoctorCheck<Config>[],
  config: Config,
  limitMs = 5_000,
): Promise<readonly NamedFinding[]> =>
  Promise.all(
    checks.map(async ({ name, run, fix }): Promise<NamedFinding> => {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
      try {
        return { name, ...(await Promise.race([run(config), late])) };
      } catch (error) {
        const text = error instanceof Error && error.message !== "" ? error.message : String(error);
        return { name, level: "fail", found: text.split("\n", 1)[0] ?? text, fix };
      } finally {
        clearTimeout(timer);
      }
    }),
  );
