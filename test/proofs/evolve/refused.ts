/** Releases that break readers: every command that would deploy them refuses, and the registry stays as it is. */
import type { RegistryAdmin } from "../../../engine/registry/admin.ts";
import { registryState } from "../registry-state.ts";
import { type Patch, type Ran, type Release, releaseFrom, removeRelease, runSluice } from "./release.ts";

/** What came of a release. */
export interface RefusedRelease {
  readonly what: string;
  readonly ran: readonly Ran[];
  /** Versions, schemas and levels of every subject are byte for byte what they were. */
  readonly unchanged: boolean;
  readonly held: boolean;
}

/** Changes that readers cannot take, each of the release that is deployed. */
export const breaks: readonly {
  readonly what: string;
  readonly subject: string;
  readonly patches: readonly Patch[];
}[] = [
  {
    what: "a required field",
    subject: "coupon-issue-value",
    patches: [
      {
        file: "schemas/coupon.ts",
        from: "  requestedAt: timestampMs(),\n",
        to: "  requestedAt: timestampMs(),\n  origin: string(),\n",
      },
    ],
  },
  {
    what: "a symbol less",
    subject: "coupon-refused-value",
    patches: [{ file: "schemas/coupon.ts", from: '  "DUPLICATE",\n', to: "" }],
  },
  {
    what: "milliseconds to microseconds",
    subject: "coupon-issued-value",
    patches: [
      {
        file: "schemas/coupon.ts",
        from: "  expiresAt: timestampMs(),\n",
        to: '  expiresAt: { avro: { type: "long", logicalType: "timestamp-micros" } } as ReturnType<typeof timestampMs>,\n',
      },
    ],
  },
];

/** Exit code of a refusal. */
const refused = 4;

/** Makes each of them from `base`, which is deployed, and runs what an operator would. */
export const tryBreaks = async (
  base: Release,
  env: NodeJS.ProcessEnv,
  admin: RegistryAdmin,
): Promise<readonly RefusedRelease[]> => {
  const all: RefusedRelease[] = [];
  for (const { what, subject, patches } of breaks) {
    const release = await releaseFrom(base, "breaks", patches);
    try {
      const before = await registryState(admin);
      const ran: Ran[] = [];
      for (const args of [
        ["schema", "check"],
        ["schema", "evolve", subject, "--reason", "a mistake"],
        ["topology", "plan"],
        ["topology", "apply", "--yes"],
      ])
        ran.push(await runSluice(release, env, args));
      const unchanged = before === (await registryState(admin));
      all.push({ what, ran, unchanged, held: unchanged && ran.every(({ exitCode }) => exitCode === refused) });
    } finally {
      await removeRelease(release);
    }
  }
  return all;
};
