/** A check as text, as one JSON document, and as annotations of a build. Pure. */
import { isRefused, type Judged } from "../../evolution/rules.ts";
import { formatTable, jsonDocument, type JsonDocument } from "../cli.ts";
import { type CheckedSubject, isStopped, type Readable } from "./check.ts";

/** What to do next. */
export const nextAfterCheck = (checked: readonly CheckedSubject[]): readonly string[] => {
  const stopped = checked.filter(isStopped);
  const fixes = stopped.flatMap(({ troubles }) => troubles.map(({ fix }) => fix));
  if (stopped.some(({ verdict }) => verdict.refused))
    fixes.unshift(
      "Give new fields a default and renamed ones an alias, or declare the record and its topic under another name.",
    );
  if (fixes.length > 0) return [...new Set(fixes)];
  const pending = checked.filter(({ verdict }) => verdict.declaredAs === null).map(({ verdict }) => verdict.subject);
  return [pending.length === 0 ? "sluice schema status" : `sluice schema evolve ${pending.join(" ")} --reason "..."`];
};

/** The lines for people: a table, the findings, a summary. Columns of what was not looked at are left out. */
export const checkLines = (checked: readonly CheckedSubject[]): readonly string[] => {
  const columns = [
    { head: "subject", of: ({ verdict }: CheckedSubject) => verdict.subject },
    { head: "against", of: ({ verdict }: CheckedSubject) => againstText(verdict.against) },
    { head: "new reads old", of: ({ verdict }: CheckedSubject) => yesNo(verdict.newReadsOld) },
    { head: "old reads new", of: ({ verdict }: CheckedSubject) => yesNo(verdict.oldReadsNew) },
    ...optional("registry", checked, ({ registry }) => registry),
    ...optional("dead letters", checked, ({ letters }) => letters && readableText(letters)),
    ...optional("last records", checked, ({ sampled }) => sampled && readableText(sampled)),
  ];
  const table = formatTable(
    columns.map(({ head }) => head),
    checked.map((one) => columns.map(({ of }) => of(one))),
  );
  const findings = checked.flatMap(({ verdict }) => verdict.findings).length;
  const stopped = checked.filter(isStopped).length;
  const summary = `${plural(checked.length, "subject")}, ${plural(findings, "finding")}${stopped === 0 ? "" : `, ${stopped} refused`}.`;
  return [table, ...checked.flatMap(detailLines), "", summary];
};

const optional = (
  head: string,
  checked: readonly CheckedSubject[],
  of: (one: CheckedSubject) => string | undefined,
): readonly { readonly head: string; readonly of: (one: CheckedSubject) => string }[] =>
  checked.some((one) => of(one) !== undefined) ? [{ head, of: (one) => of(one) ?? "-" }] : [];

const yesNo = (is: boolean): string => (is ? "yes" : "NO");
const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
const readableText = ({ readable, of }: Readable): string => (of === 0 ? "none" : `${readable} of ${of} readable`);

/** `v1-v3`, `v1,v4`, `-`. */
export const againstText = (numbers: readonly number[]): string => {
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (first === undefined || last === undefined) return "-";
  if (numbers.length === 1) return `v${first}`;
  if (last - first === numbers.length - 1) return `v${first}-v${last}`;
  return numbers.map((number) => `v${number}`).join(",");
};

const detailLines = ({ verdict, advice, troubles }: CheckedSubject): readonly string[] => {
  const { subject, findings } = verdict;
  const lines = [
    ...findings.flatMap((one) => [`  ${one.path}`, `    ${one.rule}  ${one.reason}${whoText(one)}`]),
    ...troubles.map(({ code, text }) => `  ${code}  ${text}`),
    ...(advice === undefined ? [] : [`  ${advice}`]),
  ];
  return lines.length === 0 ? [] : ["", subject, ...lines];
};

const whoText = (one: Judged): string => {
  const versions = againstText(one.against);
  if (one.allowed !== undefined) return ` (${versions}; allowed until ${one.allowed.until}: ${one.allowed.reason})`;
  if (one.direction === "oldReadsNew") return ` (readers of ${versions})`;
  return ` (${versions}${isRefused(one) ? "; REFUSED" : ""})`;
};

/** The document. */
export const checkDocument = (checked: readonly CheckedSubject[]): JsonDocument =>
  jsonDocument(
    "schema.check",
    checked.map(({ verdict, ...rest }) => ({ ...verdict, ...rest, advice: rest.advice ?? null })),
    {
      status: checked.some(isStopped) ? "failed" : "ok",
      errors: checked.flatMap(({ verdict, troubles }) => [
        ...verdict.findings
          .filter(isRefused)
          .map(({ rule, path, reason }) => ({ code: rule, message: `${verdict.subject} ${path}: ${reason}` })),
        ...troubles.map(({ code, text, fix }) => ({ code, message: `${verdict.subject}: ${text}`, fix })),
      ]),
      next: nextAfterCheck(checked),
    },
  );

/** Annotations as GitHub's runners read them: errors for what stops, warnings for the rest. */
export const githubLines = (
  checked: readonly CheckedSubject[],
  relative: (file: string) => string,
): readonly string[] =>
  checked.flatMap(({ verdict, troubles, file }) => {
    const at = file === undefined ? "" : `file=${property(relative(file))},`;
    const line = (level: string, title: string, text: string) =>
      `::${level} ${at}title=${property(`${verdict.subject} ${title}`)}::${data(text)}`;
    return [
      ...verdict.findings.map((one) =>
        line(isRefused(one) ? "error" : "warning", one.rule, `${one.path}: ${one.reason}${whoText(one)}`),
      ),
      ...troubles.map(({ code, text, fix }) => line("error", code, `${text}. Next: ${fix}`)),
    ];
  });

// The runner's own escapes: a name in a schema may be any text.
const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
