/** Makes the declared schemas of some subjects their next versions: all refusals first, then one after another, each looked up again. */
import type { RegistryAdmin } from "../registry/admin.ts";
import { registerSchema } from "../registry/register.ts";
import { RegistryUnavailable } from "../registry/http.ts";
import type { History } from "./history.ts";
import { type Judging, type Look, lookAt } from "./look.ts";
import { type DeclaredSubject, judge, type Verdict } from "./rules.ts";

/** What is written to. */
export interface EvolvePorts {
  readonly admin: RegistryAdmin;
  /** The versions in the repository; absent where none are kept. */
  readonly history?: History;
  /** Called before each write: throws where the right to write is lost. */
  readonly confirm: () => Promise<void>;
}

/** A subject before anything is done. */
export interface Considered {
  readonly declared: DeclaredSubject;
  readonly look: Look;
  /** By the versions in the repository: they may know of another registry's. */
  readonly recorded: Verdict | undefined;
  /** Nothing has to be written. */
  readonly done: boolean;
  readonly stopped: boolean;
}

/** Looks at each. Changes nothing. @throws RegistryUnavailable @throws BadHistory */
export const consider = async (
  { admin, history }: Omit<EvolvePorts, "confirm">,
  subjects: readonly DeclaredSubject[],
  judging: Judging,
): Promise<readonly Considered[]> => {
  const all: Considered[] = [];
  for (const declared of subjects) {
    const look = await lookAt(admin, declared, judging);
    const versions = await history?.versions(declared.subject);
    const recorded = versions && judge(declared, versions, judging);
    const stopped = look.verdict.refused || look.troubles.length > 0 || recorded?.refused === true;
    const isRecorded = versions === undefined || recorded?.declaredAs === versions.at(-1)?.number;
    const done = look.registered !== null && versions?.length !== 0 && isRecorded;
    all.push({ declared, look, recorded, done, stopped });
  }
  return all;
};

/** How it ended for a subject. */
export type Evolved =
  /** `registered`: a version that was not there before. `recorded`: the version in the repository; null where none are kept. */
  | {
      readonly kind: "evolved";
      readonly subject: string;
      readonly version: number;
      readonly id: number;
      readonly registered: boolean;
      readonly recorded: number | null;
    }
  /** Others registered these meanwhile; ours is there too, and in no history. */
  | {
      readonly kind: "conflict";
      readonly subject: string;
      readonly version: number;
      readonly others: readonly number[];
    };

/**
 * Registers one and writes it down. Registries have no compare-and-set, so the versions are read again. Idempotent: cut
 * off at any point, the same again goes on.
 * @throws RegistryUnavailable where it is not known, after asking again, that it is there
 * @throws IncompatibleSchema @throws OtherCompatibility @throws SchemaRefused @throws BadHistory
 */
export const evolve = async (
  { admin, history, confirm }: EvolvePorts,
  { declared, look }: Considered,
): Promise<Evolved> => {
  const { subject, avro } = declared;
  let place = look.registered;
  if (place === null) {
    await confirm();
    place = await registered(admin, declared);
    const { version } = place;
    const known = new Set(look.versions.map((one) => one.version));
    const others = (await admin.versions(subject)).filter((one) => one !== version && !known.has(one));
    if (others.length > 0) return { kind: "conflict", subject, version, others };
  }
  const recorded = (await history?.append(subject, avro)) ?? null;
  return { kind: "evolved", subject, ...place, registered: look.registered === null, recorded };
};

/** An answer that was cut off leaves open whether it was registered: asked, it is known. */
const registered = async (admin: RegistryAdmin, { subject, avro }: DeclaredSubject) => {
  const failure = await registerSchema(admin, subject, avro).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined && !(failure instanceof RegistryUnavailable)) throw failure;
  const place = await admin.lookup(subject, avro);
  if (place !== undefined) return place;
  throw failure ?? new RegistryUnavailable(`${subject} is not there after it was registered`, {});
};
