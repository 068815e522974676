/** Prometheus' text format as samples: as much of it as our own processes write. Pure. */

/** One value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Lines of one process that are looked at: it has some hundred series. */
const mostLines = 20_000;
/** Characters of a line that is looked at: ours have some 200. */
const mostCharacters = 4_096;

/** The samples of a text whose names begin with `prefix`; what is no sample is left out. */
export const samplesOf = (text: string, prefix = "sluice_"): readonly Sample[] =>
  text
    .split("\n", mostLines)
    .filter((line) => line.length <= mostCharacters && line.startsWith(prefix))
    .flatMap((line) => sampleOf(line) ?? []);

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;

const sampleOf = (line: string): Sample | undefined => {
  const [, name, labels = "", text = ""] = sampleLine.exec(line) ?? [];
  const value = Number(text);
  return name === undefined || Number.isNaN(value) ? undefined : { name, labels: labelsOf(labels), value };
};

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** Label after label from the first on: looked for anywhere, a text without any costs the square of its length. */
const labelPair = /(\w+)="((?:[^"\\]|\\.)*)",?/gy;

const labelsOf = (text: string): Sample["labels"] =>
  Object.fromEntries(
    [...text.matchAll(labelPair)].map(([, label = "", value = ""]) => [
      label,
      value.replaceAll(/\\[n"\\]/g, (escaped) => escapes[escaped] ?? escaped),
    ]),
  );

/** What labels must say; any other label may say anything. */
export type Labels = Readonly<Record<string, string>>;

const fits = (sample: Sample, name: string, labels: Labels): boolean =>
  sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value);

/** The sum of what has a name and these labels; undefined where nothing has. */
export const sumOf = (samples: readonly Sample[], name: string, labels: Labels = {}): number | undefined => {
  const found = samples.filter((sample) => fits(sample, name, labels));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
};

/** The values of what has a name and these labels, by another label. */
export const byLabel = (
  samples: readonly Sample[],
  name: string,
  label: string,
  labels: Labels = {},
): ReadonlyMap<string, number> =>
  new Map(
    samples.flatMap((sample) => (fits(sample, name, labels) ? [[sample.labels[label] ?? "", sample.value]] : [])),
  );
