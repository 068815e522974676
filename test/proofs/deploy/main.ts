/** `npm run proofs -- deploy`: what docs claim of deploying, tried on a real stack; a report in Markdown on stdout. */
import { withDeployPorts } from "../../../engine/app/deploying/open.ts";
import { note, print } from "../../../engine/app/cli.ts";
import { createCodec } from "../../../engine/avro/codec.ts";
import { confluentRegistry } from "../../../engine/registry/registry.ts";
import { topic } from "../../../engine/avro/topic.ts";
import { kafkaLog } from "../../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../../engine/logger.ts";
import { type Config, readConfig } from "../../../ops/config.ts";
import { app } from "../../../sluice.config.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { stackDown } from "../../../dev/stack/down.ts";
import { endpointsEnv } from "../../../dev/stack/endpoints.ts";
import { stackUp } from "../../../dev/stack/up.ts";
import { runCommands } from "./commands.ts";
import { applyInProcess, killEverywhere, twoAtOnce } from "./kills.ts";
import { tryRefusals, type WriteLetter } from "./refusals.ts";

const stackName = "proofs";
const pairs = 20;

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  for (const row of [head, head.map(() => "---"), ...rows]) print(`| ${row.join(" | ")} |`);
  print("");
};

/** Runs the proof; answers whether everything held. */
export const proveDeploy = async (signal: AbortSignal): Promise<boolean> => {
  note("stack proofs");
  const endpoints = await stackUp({ name: stackName, brokers: 1, signal });
  try {
    const env = { ...process.env, ...endpointsEnv(endpoints) };
    const config = readConfig(endpointsEnv(endpoints), () => "");
    return await withDeployPorts(app, config, async (ports) => {
      const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
      const isForeignKept = async (name: string): Promise<boolean> => {
        const topic = (await ports.cluster.describeTopics([`${name}-in`])).get(`${name}-in`);
        return topic?.overrides["flush.messages"] === "9999";
      };
      const prepare = async (name: string): Promise<void> => {
        // A topic that is there with another setting and one that is not declared, and a migration that is pending.
        const settings = { "retention.ms": "60000", "flush.messages": "9999" };
        await ports.cluster.ensureTopics([{ name: `${name}-in`, partitions: 3, config: settings }]);
        await database.sequelize.query("DELETE FROM migration WHERE name = '0006-operations'");
      };
      note("an apply of its own, then kills");
      await applyInProcess(env, "first");
      const kills = await killEverywhere(ports, env, prepare);
      const kept = await Promise.all(kills.map(({ at }) => isForeignKept(nameAt(at))));
      print("## Killed with SIGKILL before, during and after each step\n");
      table(
        ["killed", "step", "ended by", "deployed then", "next apply", "left to plan", "foreign override"],
        kills.map(({ at, step, first, seen, next, left }, index) => [
          at,
          step,
          first,
          seen ? "yes" : "no",
          `${next.kind}, exit ${next.exitCode}`,
          left,
          kept[index] ? "kept" : "LOST",
        ]),
      );
      note("two at once");
      const ended = Map.groupBy(await twoAtOnce(env, pairs), (pair) => pair);
      print(`## Two at once, ${pairs} times\n`);
      table(
        ["the two ended with", "times"],
        [...ended].map(([pair, all]) => [pair, all.length]),
      );
      note("refusals");
      const refusals = await tryRefusals(ports, letterWriter(config));
      print("## Refusals\n");
      table(
        ["cause", "code", "exit", "topics, settings, subjects, deployments"],
        refusals.map(({ what, code, exitCode, unchanged }) => [
          what,
          code,
          exitCode,
          unchanged ? "byte-equal" : "CHANGED",
        ]),
      );
      note("commands");
      const ran = await runCommands(ports, env);
      print("## Commands\n");
      table(
        ["what", "command", "exit", "ms", "says"],
        ran.map(({ what, command, exitCode, expected, tookMs, says }) => [
          what,
          `\`sluice ${command.replaceAll(/\S*sluice-proof-\S*\//g, "")}\``,
          exitCode === expected ? exitCode : `${exitCode}, EXPECTED ${expected}`,
          tookMs,
          says,
        ]),
      );
      await database.close();
      const held =
        kills.every(
          ({ first, next, left }) => ["SIGKILL", "applied"].includes(first) && next.exitCode === 0 && left === 0,
        ) &&
        kept.every(Boolean) &&
        [...ended.keys()].every((pair) => ["applied 0, busy 5", "applied 0, unchanged 0"].includes(pair)) &&
        ran.every(({ exitCode, expected }) => exitCode === expected) &&
        refusals.every(({ exitCode, unchanged }) => exitCode !== 0 && unchanged);
      print(held ? "Everything held." : "NOT everything held.");
      return held;
    });
  } finally {
    await stackDown({ name: stackName });
  }
};

/** Writes letters to the real cluster, encoded as the real registry has their schema. */
const letterWriter =
  ({ brokers, registryUrl }: Config): WriteLetter =>
  async (letters, source, avro) => {
    const codec = createCodec({ source: confluentRegistry({ url: registryUrl }), now: () => performance.now() });
    const encode = await codec.encoder(topic<unknown>(source, { name: source, avro }, { key: () => "", id: () => "" }));
    const log = kafkaLog({ brokers, clientId: "sluice-proof", logger: silentLogger });
    const headers = { "_flow.err.topic": Buffer.from(source) };
    await log.append({ topic: letters, partition: 0 }, [{ key: null, value: encode({ id: "1" }), headers }]);
    await log.close();
  };

const nameAt = (at: string): string => {
  const [phase, , number] = at.split(" ");
  return `kill-${phase}-${number}`;
};
