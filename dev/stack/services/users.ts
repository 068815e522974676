/** Who uses a stack: the commands whose processes carry its mark. What no command that lives has started was left behind. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

/** What is known of a process. */
export interface ProcessFacts {
  readonly parent: number;
  /** Its command line. */
  readonly words: readonly string[];
}

/** A command at work on a stack. */
export interface StackUser {
  readonly pid: number;
  /** Such as `sluice demo`. */
  readonly command: string;
  /** What it started, such as `sluice worker`, in order. */
  readonly processes: readonly { readonly pid: number; readonly command: string }[];
}

/**
 * Sorts marked processes by the command that started them. One that was left has another parent by then, which is no Node:
 * init, or what stands in for it. Pure.
 */
export const usersOf = (
  facts: ReadonlyMap<number, ProcessFacts>,
  marked: readonly number[],
): { readonly users: readonly StackUser[]; readonly strays: readonly number[] } => {
  const starterOf = (pid: number): number | undefined => {
    const parent = facts.get(pid)?.parent;
    if (parent === undefined) return undefined;
    if (marked.includes(parent)) return starterOf(parent);
    return programOf(facts.get(parent)) === "node" ? parent : undefined;
  };
  const byStarter = Map.groupBy(marked, starterOf);
  const described = (pid: number) => ({ pid, command: commandOf(facts.get(pid)) });
  return {
    users: [...byStarter].flatMap(([pid, processes]) =>
      pid === undefined ? [] : [{ ...described(pid), processes: processes.map(described) }],
    ),
    strays: byStarter.get(undefined) ?? [],
  };
};

const programOf = (facts: ProcessFacts | undefined): string => basename(facts?.words[0] ?? "");

/** What of a command line says which command it is. */
const commandOf = (facts: ProcessFacts | undefined): string => {
  const words = facts?.words ?? [];
  const script = words.findIndex((word) => basename(word) === "sluice.js");
  return script < 0 ? programOf(facts) : `sluice ${words[script + 1] ?? ""}`;
};

/** Reads what is known of these processes and of those above them. One that is gone meanwhile is left out. */
export const readFacts = async (pids: readonly number[]): Promise<ReadonlyMap<number, ProcessFacts>> => {
  const facts = new Map<number, ProcessFacts>();
  const left = [...pids];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    if (facts.has(pid) || pid === 0) continue;
    const [stat, words] = await Promise.all(["stat", "cmdline"].map((file) => read(`/proc/${pid}/${file}`)));
    if (stat === undefined || words === undefined) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[2]);
    facts.set(pid, { parent, words: words.split("\0").filter((word) => word !== "") });
    left.push(parent);
  }
  return facts;
};

const read = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined);
