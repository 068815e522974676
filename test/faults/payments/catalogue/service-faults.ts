/** What happens to the services of payments: database and broker killed and started again, COMMITs cut off. */
import { startService, stopService } from "../../../../dev/stack/control.ts";
import { wholeFrom } from "../../chance.ts";
import { layWire } from "../../wire.ts";
import { commitMoments, cutAtCommit } from "../../coupons/wire-faults.ts";
import type { PayFault, PayFaultRun, PayTried } from "../fault.ts";
import { oneOfEach, underPayLoad } from "../live.ts";

/** Kills a service under load and starts it again, a number of times. */
const restarts =
  (service: string, awayMs: number) =>
  (run: PayFaultRun): Promise<PayTried> =>
    underPayLoad(run, { crew: oneOfEach }, async (live) => {
      const { stackName, signal } = run.scene;
      for (let n = 0; n < run.times; n++) {
        await live.wait(wholeFrom(run.chance, 0, 1_000));
        await stopService(stackName, service, { signal: "SIGKILL" });
        live.struck();
        await live.wait(awayMs);
        await startService(stackName, service, { signal, timeoutMs: 180_000 });
        const paid = live.feed.paid();
        await live.wait(4_000);
        run.say(`${service} is back (${n + 1} of ${run.times}); ${live.feed.paid() - paid} were paid since`);
      }
    });

/** One API, whose connections to the database go over a wire that is cut at COMMITs. */
const commits = async (run: PayFaultRun): Promise<PayTried> => {
  const port = Number(new URL(run.scene.endpoints.databaseUrl).port);
  const wire = await layWire(port);
  const lead = new Map([[port, wire.port]]);
  const crew = oneOfEach.map((plan) => (plan.role === "api" ? { ...plan, lead } : plan));
  try {
    return await underPayLoad(run, { crew }, async (live) => {
      const moments = Object.keys(commitMoments) as (keyof typeof commitMoments)[];
      for (let n = 0; n < run.times; n++) {
        for (const moment of moments) {
          await live.wait(wholeFrom(run.chance, 0, 300));
          if (await cutAtCommit(live, wire, moment)) live.struck();
          else live.missed(`no COMMIT to cut ${moment}`);
        }
      }
      run.say(`cut ${wire.struck()} COMMITs`);
    });
  } finally {
    await wire.close();
  }
};

/** What happens to the services. */
export const payServiceFaults: readonly PayFault[] = [
  {
    name: "pay-database-restart",
    about: "The database is killed with SIGKILL and started again at once while orders are paid",
    windows: [12, 25, 26, 27],
    times: 3,
    brokers: 1,
    run: restarts("mariadb", 100),
  },
  {
    name: "pay-broker-restart",
    about: "The only broker is killed with SIGKILL and started again 3 s later while orders are paid",
    windows: [17, 25, 26],
    times: 3,
    brokers: 1,
    run: restarts("kafka-1", 3_000),
  },
  {
    name: "pay-wire-commit",
    about: `The connection between API and database is cut at a COMMIT: ${Object.keys(commitMoments).join(", ")}`,
    windows: [12, 25, 27],
    times: 10,
    brokers: 1,
    run: commits,
  },
];
