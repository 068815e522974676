/** A registry in memory, for tests; it compares as avsc does, in the direction of BACKWARD and BACKWARD_TRANSITIVE. */
import type { AvroJson } from "../../avro/avro.ts";
import { avscType } from "../../avro/exact-types.ts";
import type { RegistryAdmin, RegisteredVersion } from "../admin.ts";
import { RegistryUnavailable } from "../http.ts";

/** A registry that is open to a test. */
export interface MemoryRegistry extends RegistryAdmin {
  /** Every call that changed something, in order. */
  readonly calls: string[];
  readonly modes: Map<string, string>;
  /** Adds a version without any check, as somebody else would; `undefined` is one of another kind. */
  readonly put: (subject: string, avro: AvroJson | undefined) => void;
  /** Asked before each call: what it answers is thrown. */
  fault: (call: string) => Error | undefined;
  /** Called after each call that took effect; what it answers is thrown: the answer was lost. */
  lost: (call: string) => Error | undefined;
  /** Its own verdict instead of avsc's. */
  opinion: boolean | undefined;
}

/** An empty one. */
export const memoryRegistry = (): MemoryRegistry => {
  const subjects = new Map<string, RegisteredVersion[]>();
  const levels = new Map<string, string>();
  const ids = new Map<string, number>();
  const of = (subject: string) => subjects.get(subject) ?? [];
  const idOf = (text: string): number => ids.get(text) ?? ids.set(text, ids.size + 1).size;
  const asked = (call: string): void => {
    const error = registry.fault(call);
    if (error !== undefined) throw error;
  };
  const changed = (call: string): void => {
    registry.calls.push(call);
    const error = registry.lost(call);
    if (error !== undefined) throw error;
  };
  const add = (subject: string, avro: AvroJson | undefined): number => {
    const id = idOf(avro === undefined ? `other ${ids.size}` : JSON.stringify(avro));
    subjects.set(subject, [...of(subject), { version: (of(subject).at(-1)?.version ?? 0) + 1, id, avro }]);
    return id;
  };
  const find = (subject: string, avro: AvroJson) =>
    of(subject).find((one) => JSON.stringify(one.avro) === JSON.stringify(avro));
  const reads = (avro: AvroJson, old: AvroJson | undefined): boolean => registry.opinion ?? isReadable(avro, old);
  const registry: MemoryRegistry = {
    calls: [],
    modes: new Map(),
    put: add,
    fault: () => undefined,
    lost: () => undefined,
    opinion: undefined,
    versions: async (subject) => {
      asked(`versions ${subject}`);
      return of(subject).map(({ version }) => version);
    },
    version: async (subject, version) => {
      asked(`version ${subject}`);
      return of(subject).find((one) => one.version === version);
    },
    lookup: async (subject, avro) => {
      asked(`lookup ${subject}`);
      const found = find(subject, avro);
      return found && { version: found.version, id: found.id };
    },
    isCompatible: async (subject, version, avro) => {
      asked(`isCompatible ${subject}`);
      const old = of(subject).find((one) => one.version === version);
      return old && reads(avro, old.avro);
    },
    level: async (subject) => {
      asked(`level ${subject}`);
      return levels.get(subject) ?? null;
    },
    setLevel: async (subject, level) => {
      asked(`setLevel ${subject}`);
      levels.set(subject, level);
      changed(`setLevel ${subject} ${level}`);
    },
    mode: async (subject) => {
      asked(`mode ${subject}`);
      return registry.modes.get(subject) ?? "READWRITE";
    },
    register: async (subject, avro) => {
      asked(`register ${subject}`);
      const found = find(subject, avro);
      if (found !== undefined) return { kind: "registered", id: found.id };
      if (!isAvro(avro)) return { kind: "refused", why: "no Avro" };
      const compared = levels.get(subject) === "BACKWARD_TRANSITIVE" ? of(subject) : of(subject).slice(-1);
      if (!compared.every((old) => reads(avro, old.avro))) return { kind: "incompatible", why: "" };
      const id = add(subject, avro);
      if (!levels.has(subject)) levels.set(subject, "BACKWARD_TRANSITIVE");
      changed(`register ${subject}`);
      return { kind: "registered", id };
    },
  };
  return registry;
};

const isAvro = (avro: AvroJson): boolean => {
  try {
    avscType(avro);
    return true;
  } catch {
    return false;
  }
};

const isReadable = (reader: AvroJson, writer: AvroJson | undefined): boolean => {
  if (writer === undefined) return false;
  try {
    avscType(reader).createResolver(avscType(writer));
    return true;
  } catch {
    return false;
  }
};

/** What a call throws when the registry is away. */
export const away = (): RegistryUnavailable => new RegistryUnavailable("a test", { cause: new Error("away") });
