/** Values of topic settings as people read them. */

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A duration in the largest unit that divides it: `30 d`, `90 min`. */
export const durationText = (ms: number): string => {
  const [unit, size] = units.find(([, length]) => ms >= length && ms % length === 0) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
};

/** A setting's value with its unit: `retention.ms` as a duration, -1 as `for ever`, a missing one as `default`. */
export const settingText = (setting: string, value: string | undefined): string => {
  if (value === undefined) return "default";
  if (setting === "retention.ms") return value === "-1" ? "for ever" : durationText(Number(value));
  if (setting === "retention.bytes" && value === "-1") return "no limit";
  return value;
};
