/**
 * The configuration of an application: the engine's variables and its own, validated together. Pure: the environment and
 * the reader of secret files are parameters. Nothing else reads the environment.
 */
import { z } from "zod";
import { CliError, exitCodes } from "../cli.ts";
import {
  type EngineConfig,
  engineComparisons,
  engineSecrets,
  engineSettings,
  type EngineSettings,
  toEngineConfig,
} from "./engine-config.ts";
import { codeOf } from "../../connect/tls.ts";
import { type Comparison, compared, type KnownSettings } from "./comparisons.ts";
import { withoutCredentials } from "./redact.ts";

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What an application needs beside {@link engineSettings}. */
export interface OwnSettings<Shape extends z.ZodRawShape, Own> {
  /** Its variables: the schema of each one's text. */
  readonly settings: Shape;
  /** What its processes get of them, beside the engine's configuration. Keep a secret that is no URL in a Buffer. */
  readonly toConfig: (settings: z.infer<z.ZodObject<Shape>>) => Own;
  /** Names of variables that may be given as `<NAME>_FILE`, the path of a file that holds the value. */
  readonly secrets?: readonly (keyof Shape & string)[];
  /** Used in development where a variable is not given. Everybody knows them, so production refuses these values. */
  readonly developmentOnly?: Partial<Readonly<Record<keyof Shape & string, string>>>;
  /** Values that production refuses, by variable, with the reason. */
  readonly refusedInProduction?: Partial<Readonly<Record<keyof Shape & string, Refused>>>;
  /** Variables that other tools set, and that configure nothing. */
  readonly ignored?: readonly string[];
  /** What is said below the mistakes of a configuration, such as where its settings are explained. */
  readonly help?: string;
  /** Mistakes that show only when settings are compared with each other; each comparison by itself. */
  readonly conflicts?: readonly Comparison<z.infer<z.ZodObject<Shape>> & EngineSettings>[];
  /** What some of its processes refuse at their start, and others do not mind. */
  readonly remarks?: readonly Comparison<z.infer<z.ZodObject<Shape>> & EngineSettings>[];
}

/** A value that a variable may not have, and why. */
export interface Refused {
  readonly value: string;
  readonly why: string;
}

/** How an application reads its configuration. */
export interface Settings<Config extends EngineConfig> {
  /**
   * Reads a configuration from variables. Names every mistake at once, unknown `SLUICE_` variables among them.
   * `readFile` gives a file's text. @throws InvalidConfig
   */
  readonly read: (env: Environment, readFile: (path: string) => string) => Config;
  /** Every setting with its value and where it is from, secrets masked, by name. @throws InvalidConfig as `read` */
  readonly explain: (env: Environment, readFile: (path: string) => string) => readonly ResolvedSetting[];
  /** What a process of these settings may refuse at its start, a sentence each, as {@link InvalidConfig}. @throws InvalidConfig as `read` */
  readonly remarks: (env: Environment, readFile: (path: string) => string) => readonly string[];
}

/** One setting as it is in force. */
export interface ResolvedSetting {
  readonly name: string;
  /** For people: of a secret only its length, of a URL no credentials; absent where it is optional and not given. */
  readonly value: string | undefined;
  /** `default`: from the code; `environment`: its variable; `file`: the file that `<NAME>_FILE` names. */
  readonly from: "default" | "environment" | "file";
}

/** Every mistake of a configuration, in one error. */
export class InvalidConfig extends CliError {
  /** One mistake each, beginning with the variable's name. */
  readonly problems: readonly string[];
  /** `fix` is what the application says about its settings. */
  constructor(problems: readonly string[], fix?: string) {
    super(`the configuration has ${problems.length} mistake(s):\n${problems.map((p) => `  - ${p}`).join("\n")}`, {
      code: "INVALID_CONFIG",
      exitCode: exitCodes.usage,
      ...(fix === undefined ? {} : { fix }),
    });
    this.problems = problems;
  }
}

/** Declares the settings of an application. */
export const defineSettings = <const Shape extends z.ZodRawShape, Own extends object>(
  own: OwnSettings<Shape, Own>,
): Settings<EngineConfig & Own> => {
  const schema = z.strictObject(own.settings);
  const engine = z.strictObject(engineSettings);
  const names = new Set([...Object.keys(engineSettings), ...Object.keys(own.settings)]);
  const secrets = [...engineSecrets, ...(own.secrets ?? [])];
  // Not a setting of what runs: who is at the command line.
  const ignored = new Set(["SLUICE_ACTOR", ...(own.ignored ?? [])]);
  const isOurs = (name: string): boolean =>
    (name.startsWith("SLUICE_") && !ignored.has(name)) || names.has(name) || names.has(name.replace(/_FILE$/, ""));
  const resolve = (env: Environment, readFile: (path: string) => string) => {
    const given = Object.fromEntries(
      Object.entries(env).filter(([name, v]) => isOurs(name) && v !== undefined && v !== ""),
    );
    const { values, problems } = withSecretFiles(given, secrets, readFile);
    const production = values["SLUICE_ENV"] === "production";
    const unknown = Object.keys(values).filter((name) => !names.has(name));
    const presets = own.developmentOnly ?? {};
    const inForce = production ? values : { ...presets, ...values };
    const engineGiven = engine.safeParse(pick(values, engineSettings));
    const ownGiven = schema.safeParse(pick(inForce, own.settings));
    const known = knownOf({ ...engineSettings, ...own.settings }, inForce);
    const all = [
      ...problems,
      ...unknown.map((name) => `${name}: no such setting`),
      ...issuesOf(engineGiven, secrets),
      ...issuesOf(ownGiven, secrets),
      ...(production ? refusedOf(values, own) : []),
      ...compared(known, engineComparisons, readFile),
      ...compared(known, own.conflicts ?? [], readFile),
    ];
    // Two checks may find the same mistake.
    if (all.length > 0 || !engineGiven.success || !ownGiven.success)
      throw new InvalidConfig([...new Set(all)], own.help);
    return { given, values, engine: engineGiven.data, own: ownGiven.data };
  };
  return {
    remarks: (env, readFile) => {
      const { engine, own: ours } = resolve(env, readFile);
      return (own.remarks ?? []).flatMap((compare) => compare({ ...engine, ...ours }, readFile));
    },
    read: (env, readFile) => {
      const resolved = resolve(env, readFile);
      return Object.freeze({ ...toEngineConfig(resolved.engine), ...own.toConfig(resolved.own) });
    },
    explain: (env, readFile) => {
      const { given, values, ...resolved } = resolve(env, readFile);
      const inForce: Readonly<Record<string, unknown>> = { ...resolved.engine, ...resolved.own };
      return [...names].toSorted().map((name) => ({
        name,
        value: shown(name, inForce[name], secrets),
        from: `${name}_FILE` in given ? "file" : name in values ? "environment" : "default",
      }));
    },
  };
};

// A secret is shown as a URL only where its name says that it is one: any text with a colon parses as some URL.
const shown = (name: string, value: unknown, secrets: readonly string[]): string | undefined => {
  if (value === undefined) return undefined;
  const text = Array.isArray(value) ? value.map(String).map(withoutCredentials).join(",") : String(value);
  return secrets.includes(name) && !name.endsWith("_URL")
    ? `(secret, ${Buffer.byteLength(text)} bytes)`
    : withoutCredentials(text);
};

const refusedOf = (
  values: Readonly<Record<string, unknown>>,
  { developmentOnly = {}, refusedInProduction = {} }: RefusedValues,
): readonly string[] => [
  ...Object.entries(developmentOnly).flatMap(([name, preset]) =>
    values[name] === preset ? [`${name}: the development value is refused in production`] : [],
  ),
  ...Object.entries(refusedInProduction).flatMap(([name, refused]) =>
    refused !== undefined && values[name] === refused.value
      ? [`${name}: ${refused.why} are refused in production`]
      : [],
  ),
];
interface RefusedValues {
  readonly developmentOnly?: Readonly<Record<string, string | undefined>>;
  readonly refusedInProduction?: Readonly<Record<string, Refused | undefined>>;
}

const pick = (values: Readonly<Record<string, unknown>>, shape: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name in shape));

/** Each setting by itself: what it is where it can be read, and its name where it cannot. */
const knownOf = (shape: z.ZodRawShape, given: Readonly<Record<string, unknown>>): KnownSettings => {
  const read = Object.entries(shape).map(([name, kind]) => [name, z.safeParse(kind, given[name])] as const);
  return {
    values: Object.fromEntries(read.flatMap(([name, parsed]) => (parsed.success ? [[name, parsed.data]] : []))),
    wrong: new Set(read.flatMap(([name, parsed]) => (parsed.success ? [] : [name]))),
  };
};

const withSecretFiles = (
  given: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  readFile: (path: string) => string,
): { readonly values: Record<string, unknown>; readonly problems: readonly string[] } => {
  const values: Record<string, unknown> = { ...given };
  const problems: string[] = [];
  for (const name of secrets) {
    const path = values[`${name}_FILE`];
    if (typeof path !== "string") continue;
    delete values[`${name}_FILE`];
    if (name in values) problems.push(`${name}: given twice, by itself and as ${name}_FILE`);
    try {
      values[name] = readFile(path).trim();
    } catch (error) {
      // What is no path may be the secret itself, in the wrong place.
      const shown = path.startsWith("/") ? path : "what it names";
      problems.push(`${name}_FILE: ${shown} cannot be read (${codeOf(error)})`);
    }
  }
  return { values, problems };
};

const issuesOf = (parsed: z.ZodSafeParseResult<unknown>, secrets: readonly string[]): readonly string[] =>
  parsed.success ? [] : parsed.error.issues.map((issue) => problemOf(issue, secrets));

// Values are never repeated: one of them may be a secret in the wrong place.
const problemOf = (issue: z.core.$ZodIssue, secrets: readonly string[]): string => {
  const name = issue.path.join(".");
  if (issue.code !== "invalid_type") return `${name}: ${issue.message}`;
  return `${name}: is required${secrets.includes(name) ? ` (or ${name}_FILE)` : ""}`;
};

/** The settings of an application that has none of its own. */
export const engineOnly: Settings<EngineConfig> = defineSettings({ settings: {}, toConfig: () => ({}) });
