/** `sluice reconcile`: sets the gate to what the database says, by hand. */
import { Command } from "commander";
import type { App } from "../../engine/app/define-app.ts";
import type { Config } from "../config.ts";
import { exitCodes, formatTable, jsonDocument, note, print, printJson } from "../../engine/app/cli.ts";
import { foreignKey, stockKey } from "../../stores/redis/stock-key.ts";
import type { Reconciled } from "../reconcile/reconcile-on-stores.ts";
import type { Difference } from "../reconcile/reconcile-by-hand.ts";

interface ReconcileOptions {
  readonly coupon?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The command. */
export const reconcileCommand = (app: App<Config>): Command =>
  new Command("reconcile")
    .summary("set counters and marks in Redis to what the database says, when no worker runs")
    .description(
      "Workers do this by themselves. By hand it is for when none runs: refused (exit 4) while the consumer group has " +
        "members. Takes the lease of each partition it repairs something of, so that no worker that still believes to own it can " +
        "interfere; exits 5 where a worker takes it over meanwhile. Requests that are queued take their units again in " +
        "their turn. --dry-run only looks, and exits 3 where something differs.",
    )
    .option("--coupon <id...>", "only these coupons")
    .option("--dry-run", "only look; requests in flight look like differences")
    .option("--json", "print one JSON document")
    .action((options: ReconcileOptions) => reconcile(app, options));

const reconcile = async (app: App<Config>, { coupon = [], dryRun = false, json }: ReconcileOptions): Promise<void> => {
  const [{ reconcileOnStores }, { loadConfig }] = await Promise.all([
    import("../reconcile/reconcile-on-stores.ts"),
    import("../../engine/app/process/process.ts"),
  ]);
  const reconciled = await reconcileOnStores(await loadConfig(app), { couponIds: coupon, dryRun });
  const { differences } = reconciled;
  process.exitCode = exitCodeOf(differences, dryRun);
  if (json) return printJson(jsonDocument("reconcile", { dryRun, ...reconciled }));
  show(reconciled);
};

const exitCodeOf = (differences: readonly Difference[], dryRun: boolean): number => {
  if (dryRun && differences.length > 0) return exitCodes.pending;
  if (differences.some(({ done }) => done === "wrong")) return exitCodes.failure;
  return differences.some(({ done }) => done === "changed") ? exitCodes.conflict : exitCodes.done;
};

const said = {
  repaired: "repaired",
  seen: "to be repaired",
  changed: "changed meanwhile: run it again",
} as const satisfies Record<Exclude<Difference["done"], "wrong">, string>;

const show = ({ looked, differences }: Reconciled): void => {
  const rows = differences.map(({ couponId, counter, remaining, marks, done }) => [
    couponId,
    counter === null ? "none" : String(counter),
    String(remaining),
    String(marks),
    done === "wrong" ? foreignKey(stockKey(couponId)) : said[done],
  ]);
  const right = ["counter", "database", "in flight"];
  if (rows.length > 0) print(formatTable(["coupon", ...right, ""], rows, { right }));
  note(`${looked} coupon(s) looked at, ${differences.length} differed`);
};
