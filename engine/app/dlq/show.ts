/** `sluice dlq show`: every attempt of one record, whole. */
import { wordsOf } from "../../dlq/letters/foreign.ts";
import { idText, keyText, type Letter, originKey, parseId } from "../../dlq/letters/letter.ts";
import { byOrigin } from "../../dlq/letters/order.ts";
import { type LetterDecoder, readOrWhy } from "../../dlq/read/decode.ts";
import { type FetchedLetter, fetchWhole } from "../../dlq/run/fetch-letters.ts";
import type { Standing } from "../../dlq/letters/state.ts";
import type { Headers } from "../../log/log.ts";
import { withoutOurs } from "../../worker/round/letter-headers.ts";
import { CliError, exitCodes, jsonDocument, nextText, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, Explains } from "../define-app.ts";
import { loadConfig } from "../process/process.ts";
import { type LookAt, lookAt, placeOption, selected } from "./look.ts";
import { type LookOptions, placeOf } from "./looking.ts";
import { type OpenDlq, withDlq } from "./open.ts";
import { jsonText, valueText } from "./values.ts";
import { agoText, cell, letterJson, printable } from "./words.ts";

/** Shows the attempts of a record. Exit code 2 where there is no such letter. */
export const showVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  id: string,
  options: Pick<LookOptions, "topology" | "topic" | "json">,
): Promise<void> => {
  if (parseId(id) === undefined)
    throw new CliError(`${id} is no id: expected <topic>/<partition>/<offset>`, {
      code: "BAD_LETTER_ID",
      exitCode: exitCodes.usage,
      fix: "Next: sluice dlq list",
    });
  const at = placeOf(options);
  const { attempts, warnings, neighbours } = await withDlq(app, await loadConfig(app), (open) =>
    showRecord(open, at, id),
  );
  const last = attempts.at(-1)?.standing;
  const next =
    "topology" in at && last?.state === "open"
      ? [`sluice dlq plan ${placeOption(at)} ${id}`]
      : [`sluice dlq list ${placeOption(at)} --state all`];
  if (options.json) {
    return printJson(jsonDocument("dlq.show", shownJson({ attempts, neighbours }), { warnings, next }));
  }
  for (const warning of warnings) note(warning);
  const explains: Explains = (await app.explains?.()) ?? (() => undefined);
  for (const attempt of attempts)
    for (const line of attemptLines(attempt, { nowMs: Date.now(), explains })) print(printable(line));
  for (const line of neighbourLines(neighbours)) print(printable(line));
  print(nextText(next));
};

/** What is shown of one record. */
export interface ShownRecord {
  readonly attempts: readonly ShownAttempt[];
  /** Letters of other records with its key. */
  readonly neighbours: readonly Standing[];
  readonly warnings: readonly string[];
}

/** Reads every attempt of one record, whole. @throws CliError where there is no such letter */
export const showRecord = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  at: LookAt,
  id: string,
): Promise<ShownRecord> => {
  const { standings, warnings } = await lookAt(open, at);
  const found = selected(standings, { ids: [id] }, at);
  const records = await fetchWhole(
    open.cluster,
    found.map(({ letter }) => letter),
  );
  const attempts: ShownAttempt[] = [];
  for (const standing of found) attempts.push(await attemptOf(open.decoder, standing, records));
  return { attempts, warnings, neighbours: neighboursOf(standings, found) };
};

/** The attempts for programs. */
export const shownJson = ({ attempts, neighbours }: Pick<ShownRecord, "attempts" | "neighbours">) =>
  attempts.map(({ standing, ...shown }) => {
    return { ...letterJson(standing), ...shown, neighbours: neighbours.map(neighbourJson) };
  });

/** Other records with the key of these letters that have letters too, in the order in which they came. */
const neighboursOf = (all: readonly Standing[], found: readonly Standing[]): readonly Standing[] => {
  const own = new Set(found.map(({ letter }) => originKey(letter.origin)));
  const key = found[0]?.letter.key ?? null;
  if (key === null) return [];
  const others = all.filter(
    ({ letter, state }) => letter.key === key && state !== "failed-again" && !own.has(originKey(letter.origin)),
  );
  return others.toSorted((a, b) => byOrigin(a.letter, b.letter));
};

const neighbourJson = ({ letter, state }: Standing) => ({ id: idText(letter.origin), state, attempt: letter.attempt });

/** Rows of neighbours; `--json` has all of them. */
const shownNeighbours = 10;

const neighbourLines = (neighbours: readonly Standing[]): readonly string[] => {
  if (neighbours.length === 0) return [];
  const rows = neighbours
    .slice(0, shownNeighbours)
    .map(({ letter, state }) => `  ${idText(letter.origin)}  ${state}  ${letter.node} ${letter.code}`);
  const more = neighbours.length > shownNeighbours ? [`  and ${neighbours.length - shownNeighbours} more`] : [];
  return [`${neighbours.length} further letter(s) of its key`, ...rows, ...more, ""];
};

/** An attempt with what its record says. */
export interface ShownAttempt {
  readonly standing: Standing;
  /** As {@link keyText}; of its origin where the letter was too large to have it. */
  readonly key: string | null;
  readonly bytesFrom: FetchedLetter["bytesFrom"];
  readonly message: string;
  readonly stack: string;
  /** The record's own, as text; bytes that are no text as hex. */
  readonly headers: Readonly<Record<string, readonly (string | null)[]>>;
  readonly value: ShownValue;
}

/** How many bytes a value has, and the first of them. */
interface ShownBytes {
  readonly sizeBytes: number;
  readonly hex: string;
}

/** A value, as far as it can be read. */
export type ShownValue =
  | ({ readonly kind: "decoded"; readonly value: unknown } & ShownBytes)
  | ({ readonly kind: "bytes"; readonly why: string } & ShownBytes)
  | { readonly kind: "dropped" | "gone" | "null" };

const attemptOf = async (
  decoder: LetterDecoder,
  standing: Standing,
  records: ReadonlyMap<string, FetchedLetter>,
): Promise<ShownAttempt> => {
  const { letter } = standing;
  const found = records.get(idText(letter.place));
  const unknown = { key: letter.key, bytesFrom: "gone", message: "", stack: "", headers: {} } as const;
  if (found === undefined) return { standing, ...unknown, value: { kind: "gone" } };
  const { record, bytesFrom } = found;
  const value = bytesFrom === "gone" ? ({ kind: "dropped" } as const) : await shownValue(decoder, letter, record.value);
  const key = keyText(record.key);
  return { standing, key, bytesFrom, ...wordsOf(record.headers), headers: ownHeaders(record.headers), value };
};

/** Characters of a header's line; `--json` has all of it. */
const shownHeader = 256;

/** Bytes of a value are shown up to here. */
const shownBytes = 256;

const shownValue = async (decoder: LetterDecoder, letter: Letter, bytes: Buffer | null): Promise<ShownValue> => {
  if (bytes === null) return { kind: "null" };
  const reading = await readOrWhy(decoder, letter.origin.topic, bytes);
  const raw = { sizeBytes: bytes.length, hex: bytes.subarray(0, shownBytes).toString("hex") };
  if (reading.kind === "value") return { kind: "decoded", value: JSON.parse(jsonText(reading.value)), ...raw };
  return { kind: "bytes", why: reading.why, ...raw };
};

/** Without ours, which are shown as what they say. */
const ownHeaders = (headers: Headers): ShownAttempt["headers"] =>
  Object.fromEntries(
    Object.entries(withoutOurs(headers)).map(([name, value]) => [
      name,
      (Array.isArray(value) ? value : [value]).map(valueText),
    ]),
  );

/** Where a code is explained, and the time from which ages are told. */
interface Telling {
  readonly nowMs: number;
  readonly explains: Explains;
}

const attemptLines = (shown: ShownAttempt, { nowMs, explains }: Telling): readonly string[] => {
  const { standing, key, bytesFrom, message, stack, headers, value } = shown;
  const { letter, state, copies, retries } = standing;
  const sent = retries.map(({ job, place }) => `${idText(place)} by job ${job.slice(0, 8)}`);
  const fields: readonly (readonly [string, string])[] = [
    ["state", state + (copies > 0 ? `, ${copies} further cop${copies === 1 ? "y" : "ies"} of the letter` : "")],
    ["letter", `${idText(letter.place)}${letter.dialect === "sluice" ? "" : `, as ${letter.dialect} writes them`}`],
    ["lacks", letter.flaws.join(", ")],
    ["failed", `${letter.node} (${letter.stage || "?"}), ${letter.errorClass} ${letter.code}, ${letter.kind || "?"}`],
    ["about", explains(letter.code)?.at ?? ""],
    ["in doubt", letter.held],
    ["message", message],
    ["first", `${new Date(letter.firstAt).toISOString()}, ${agoText(letter.firstAt, nowMs)}`],
    ["last", `${new Date(letter.lastAt).toISOString()}, ${agoText(letter.lastAt, nowMs)}`],
    ["fingerprint", letter.fingerprint],
    ["graph", letter.graph.slice(0, 8)],
    ["replayed as", sent.join(", ")],
    [
      "dropped",
      letter.dropped.join(", ") + (bytesFrom === "origin" ? "; shown from its origin, which still has them" : ""),
    ],
    ["key", key ?? (letter.dropped.includes("key") && bytesFrom === "gone" ? "" : "null")],
    ...Object.entries(headers).map(
      ([name, values]) => ["header", cell(`${name}: ${values.join(", ")}`, shownHeader)] as const,
    ),
  ];
  const lines = fields.filter(([, text]) => text !== "").map(([name, text]) => `  ${name.padEnd(12)} ${text}`);
  return [
    `${idText(letter.origin)}  attempt ${letter.attempt}`,
    ...lines,
    ...valueLines(value).map((line) => `  ${line}`),
    ...stack
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => `    ${line.trim()}`),
    "",
  ];
};

const valueLines = (value: ShownValue): readonly string[] => {
  switch (value.kind) {
    case "decoded":
      return [
        "value",
        ...JSON.stringify(value.value, null, 2)
          .split("\n")
          .map((line) => `  ${line}`),
      ];
    case "bytes":
      return [
        `value        ${value.sizeBytes} bytes, unreadable: ${value.why}`,
        ...(value.hex.match(/.{1,64}/g) ?? []).map((line) => `  ${line}`),
      ];
    case "null":
      return ["value        null"];
    case "dropped":
      return ["value        not in the letter, which was too large, and its origin does not have it any more"];
    case "gone":
      return ["value        the letter is not there any more"];
  }
};
