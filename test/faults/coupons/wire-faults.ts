/** What happens on the wires between a worker and its services. */
import type { Chance } from "../chance.ts";
import type { Fault, FaultRun, Tried } from "../fault.ts";
import { type Live, underLoad } from "../live.ts";
import type { Scene } from "./scene.ts";
import { nodeNotReady, refusingDatabase } from "../../../stores/testing/refusing-database.ts";
import { type Direction, type Fate, layWire, type Wire } from "../wire.ts";

/** The services a wire can lead to. */
const services = ["database", "redis", "registry", "broker"] as const;
type Service = (typeof services)[number];

const portOf = ({ endpoints }: Scene, service: Service): number => {
  const { databaseUrl, redisUrl, registryUrl, brokers } = endpoints;
  const address = { database: databaseUrl, redis: redisUrl, registry: registryUrl, broker: `tcp://${brokers[0]}` };
  return Number(new URL(address[service]).port);
};

/** Runs one worker whose connections to a service go over a wire. */
const overWire = async (
  run: FaultRun,
  service: Service,
  strikes: (live: Live, wire: Wire) => Promise<void>,
): Promise<Tried> => {
  const port = portOf(run.scene, service);
  const wire = await layWire(port);
  try {
    const lead = new Map([[port, wire.port]]);
    return await underLoad(run, { workers: [{ name: "worker-1", lead }] }, (live) => strikes(live, wire));
  } finally {
    await wire.close();
  }
};

/** After a wire is whole again the next verdict is due by then. */
const afterHealingMs = 2_000;
const troubledMs = 4_000;

/** Strikes for a while, heals, and does so again. */
const troubles =
  (service: Service, trouble: (wire: Wire, chance: Chance) => void) =>
  (run: FaultRun): Promise<Tried> =>
    overWire(run, service, async (live, wire) => {
      for (let n = 0; n < run.times; n++) {
        trouble(wire, run.chance);
        await live.wait(troubledMs);
        wire.heal();
        live.struck();
        live.recovering(0);
        await live.wait(3_000);
      }
      if (wire.struck() === 0) live.missed("nothing happened on the wire");
      run.say(`${service}: struck ${wire.struck()} times`);
    });

/** One chunk in twenty meets this fate, in either direction. */
const nowAndThen =
  (fate: Fate, share = 0.05) =>
  (wire: Wire, chance: Chance): void => {
    wire.fateOf = () => (chance() < share ? fate : "pass");
  };

/** All the answers come late; nothing is lost. */
const late = (wire: Wire): void => {
  wire.delayMs = 150;
  wire.fateOf = delayed;
};
const delayed = (): Fate => "pass";

/** The next COMMIT: where in its life the wire breaks. */
export const commitMoments = {
  "before it is sent": { at: "request", fate: "cut" },
  "once the database has it": { at: "request", fate: "passThenCut" },
  "when it is answered": { at: "reply", fate: "cut" },
} as const satisfies Record<string, { readonly at: Direction; readonly fate: Fate }>;

/** Breaks the wire at one COMMIT. Resolves when that has happened; false where none came in 10 s. */
export const cutAtCommit = async (
  live: Pick<Live, "wait">,
  wire: Wire,
  moment: keyof typeof commitMoments,
): Promise<boolean> => {
  const { at, fate } = commitMoments[moment];
  const committing = new Set<number>();
  const before = wire.struck();
  wire.fateOf = (direction, bytes, { id }) => {
    if (wire.struck() > before) return "pass";
    if (direction === "request" && bytes.includes("COMMIT")) {
      committing.add(id);
      return at === "request" ? fate : "pass";
    }
    return direction === "reply" && at === "reply" && committing.has(id) ? fate : "pass";
  };
  const deadline = performance.now() + 10_000;
  while (wire.struck() === before && performance.now() < deadline) await live.wait(10);
  wire.heal();
  return wire.struck() > before;
};

const commits = (run: FaultRun): Promise<Tried> =>
  overWire(run, "database", async (live, wire) => {
    const moments = Object.keys(commitMoments) as (keyof typeof commitMoments)[];
    for (let n = 0; n < run.times; n++) {
      for (const moment of moments) {
        await live.wait(Math.floor(run.chance() * 300));
        if (await cutAtCommit(live, wire, moment)) live.struck();
        else live.missed(`no COMMIT to cut ${moment}`);
        if (n === run.times - 1) {
          live.recovering(0);
          await live.wait(3_000);
        }
      }
    }
    run.say(`cut ${wire.struck()} COMMITs`);
  });

/** A registry that takes a question and says nothing, while a worker starts that knows no schema yet. */
const silentRegistry = async (run: FaultRun): Promise<Tried> => {
  const port = portOf(run.scene, "registry");
  const wire = await layWire(port);
  const lead = new Map([[port, wire.port]]);
  try {
    return await underLoad(run, { workers: [{ name: "worker-1" }] }, async (live) => {
      for (let n = 0; n < run.times; n++) {
        wire.fateOf = () => "swallow";
        const early = await run.scene.spawn({ name: `worker-early-${n}`, lead });
        const how = await Promise.race([early.ended, live.wait(troubledMs).then(() => "waits")]);
        if (how !== "waits" && how !== "exit code 1")
          live.missed(`a worker whose registry is silent ended with ${how}`);
        wire.heal();
        live.struck();
        run.say(`a worker whose registry is silent: ${how}`);
        await live.wait(2_000);
        await early.stop();
      }
    });
  } finally {
    await wire.close();
  }
};

/** Long enough that every attempt of a record would be used up many times over. */
const notReadyMs = 80_000;

/** A database that answers, and says of everything that it can't serve: nothing of it is a record's fault. */
const databaseNotReady = async (run: FaultRun): Promise<Tried> => {
  const port = portOf(run.scene, "database");
  const wire = await refusingDatabase(port);
  const lead = new Map([[port, wire.port]]);
  try {
    return await underLoad(run, { workers: [{ name: "worker-1", lead }], perSecond: 100 }, async (live) => {
      for (let n = 0; n < run.times; n++) {
        wire.refuse = nodeNotReady;
        await live.wait(notReadyMs);
        wire.refuse = undefined;
        live.struck();
        live.recovering(0);
        await live.wait(3_000);
      }
      if (wire.refused() === 0) live.missed("nothing was refused");
      run.say(`the database refused ${wire.refused()} commands`);
    });
  } finally {
    await wire.close();
  }
};

const wireFault = (
  service: Service,
  kind: "cut" | "delay" | "half-close" | "swallow",
  of: Pick<Fault, "windows" | "run" | "about"> & Partial<Pick<Fault, "recoverWithinMs" | "times">>,
): Fault => ({ name: `wire-${service}-${kind}`, brokers: 1, times: 2, recoverWithinMs: afterHealingMs, ...of });

/** A wire that swallows cannot be noticed before a time-out has run out: of a statement 12 s, of a broker's request 15 s. */
const swallowedMs: Readonly<Partial<Record<Service, number>>> = { database: 12_000, broker: 15_000 };

const windowsOf: Readonly<Record<Service, readonly number[]>> = {
  database: [11, 12],
  redis: [3, 7],
  registry: [21],
  broker: [2, 13, 17],
};

const kinds = [
  { kind: "cut", trouble: nowAndThen("cut"), about: "is cut at one chunk in twenty" },
  { kind: "delay", trouble: late, about: "takes 150 ms each way" },
  { kind: "half-close", trouble: nowAndThen("halfClose"), about: "is closed in one direction at one chunk in twenty" },
  { kind: "swallow", trouble: nowAndThen("swallow", 0.01), about: "swallows all from one chunk in a hundred on" },
] as const;

/** What happens on the wires: each kind of trouble between a worker and each service it keeps talking to. */
export const wireFaults: readonly Fault[] = [
  {
    name: "wire-commit",
    about: `The connection to the database is cut at a COMMIT: ${Object.keys(commitMoments).join(", ")}`,
    windows: [4, 5, 12],
    times: 10,
    brokers: 1,
    recoverWithinMs: afterHealingMs,
    run: commits,
  },
  {
    name: "database-not-ready",
    about: "The database answers every command with 1047 for 80 s, as a Galera node that has left its cluster",
    windows: [12],
    times: 1,
    brokers: 1,
    recoverWithinMs: afterHealingMs,
    run: databaseNotReady,
  },
  {
    name: "wire-registry-silent",
    about: "A worker starts while the registry takes its questions and says nothing for 4 s",
    windows: [21],
    times: 1,
    brokers: 1,
    run: silentRegistry,
  },
  ...(["database", "redis", "broker"] as const).flatMap((service) =>
    kinds.map(({ kind, trouble, about }) =>
      wireFault(service, kind, {
        about: `The connection between worker and ${service} ${about}, for 4 s at a time`,
        windows: windowsOf[service],
        run: troubles(service, trouble),
        recoverWithinMs: afterHealingMs + (kind === "swallow" ? (swallowedMs[service] ?? 0) : 0),
      }),
    ),
  ),
];
