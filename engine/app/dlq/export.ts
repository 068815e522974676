/** `sluice dlq export`: letters with their values and bytes, a line each. */
import { wordsOf } from "../../dlq/letters/foreign.ts";
import { idText, keyText } from "../../dlq/letters/letter.ts";
import type { LetterDecoder } from "../../dlq/read/decode.ts";
import { fetchWhole } from "../../dlq/run/fetch-letters.ts";
import type { Standing } from "../../dlq/letters/state.ts";
import type { LogRecord } from "../../log/log.ts";
import { count, nextText, note } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { type OutFile, toStdout, writeOut } from "../out-file.ts";
import { loadConfig } from "../process/process.ts";
import { lookAt, placeOption, selected } from "./look.ts";
import { type LookOptions, placeOf } from "./looking.ts";
import { withDlq } from "./open.ts";
import { selectionOf } from "./selection.ts";
import { jsonText, masked, valueText } from "./values.ts";
import { letterJson } from "./words.ts";

/** Options of the verb. */
export interface ExportOptions extends Omit<LookOptions, "json"> {
  readonly format: "ndjson" | "csv";
  readonly out?: string;
  readonly mask?: boolean;
}

/** Letters that are read at once: a letter has 2 MiB at most. */
const atOnce = 50;

/** Writes to a file, which is there when all of it is, or to stdout. */
export const exportVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  ids: readonly string[],
  options: ExportOptions,
): Promise<void> => {
  const selection = selectionOf(ids, options, { states: ["open"], now: Date.now() });
  const { out, format, mask = false } = options;
  const at = placeOf(options);
  const written = await withDlq(app, await loadConfig(app), async (open) => {
    const { standings, warnings } = await lookAt(open, at);
    for (const warning of warnings) note(warning);
    const found = selected(standings, selection, at);
    const writeAll = async ({ write }: OutFile): Promise<void> => {
      if (format === "csv") await write(`${csvColumns.join(",")}\n`);
      for (let from = 0; from < found.length; from += atOnce) {
        const some = found.slice(from, from + atOnce);
        const records = await fetchWhole(
          open.cluster,
          some.map(({ letter }) => letter),
        );
        for (const standing of some) {
          const record = records.get(idText(standing.letter.place))?.record;
          const row = await exported(open.decoder, standing, record, mask);
          await write(`${format === "csv" ? csvLine(row) : jsonText(row)}\n`);
        }
      }
    };
    await (out === undefined ? writeAll(toStdout) : writeOut(out, writeAll));
    return found.length;
  });
  note(
    `${count(written)} letter(s)${out === undefined ? "" : ` in ${out}`}. ${nextText([`sluice dlq groups ${placeOption(at)}`])}`,
  );
};

/** Where people are hidden, so is everything that may name them and has no fields: bytes, headers, key and message. */
const exported = async (
  decoder: LetterDecoder,
  standing: Standing,
  record: LogRecord | undefined,
  mask: boolean,
): Promise<Readonly<Record<string, unknown>>> => {
  const reading = record === undefined ? undefined : await decoder.read(standing.letter.origin.topic, record.value);
  const value = reading?.kind === "value" ? reading.value : null;
  const letter = letterJson(standing);
  if (mask) return { ...letter, key: null, value: masked(JSON.parse(jsonText(value))) };
  const headers = Object.entries(record?.headers ?? {}).map(
    ([name, one]) => [name, (Array.isArray(one) ? one : [one]).map(valueText)] as const,
  );
  return {
    ...letter,
    key: keyText(record?.key ?? null),
    ...wordsOf(record?.headers ?? {}),
    headers: Object.fromEntries(headers),
    value,
    keyBase64: record?.key?.toString("base64") ?? null,
    valueBase64: record?.value?.toString("base64") ?? null,
  };
};

const csvColumns = [
  "id",
  "state",
  "attempt",
  "node",
  "code",
  "kind",
  "fingerprint",
  "firstAt",
  "lastAt",
  "key",
  "message",
  "value",
  "valueBase64",
] as const;

const csvLine = (row: Readonly<Record<string, unknown>>): string =>
  csvColumns.map((name) => csvCell(row[name])).join(",");

/** Quoted where it must be; a text that a spreadsheet would take for a formula gets an apostrophe. */
export const csvCell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  const isScalar = typeof value !== "object";
  const text = isScalar ? String(value).replace(/^[=+\-@\t\r]/, "'$&") : jsonText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
