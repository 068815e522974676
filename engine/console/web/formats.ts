/** Numbers and times as people read them. Pure. */

/** A count, with a comma after each thousand. */
export const count = (n: number): string => Math.round(n).toLocaleString("en-US");

/** Records a second: whole ones, and tenths below ten. */
export const perSecond = (rate: number): string =>
  `${rate >= 10 ? count(rate) : rate.toFixed(1).replace(/\.0$/, "")}/s`;

/** How long something lasts, in one or two units: `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes} min${seconds % 60 === 0 ? "" : ` ${seconds % 60} s`}`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
  return `${Math.floor(hours / 24)} d`;
};

/** How long ago something was. */
export const ago = (at: number, now: number): string => `${duration(now - at)} ago`;

/** Bytes, in MB from one on. */
export const bytes = (n: number): string => (n < 1_048_576 ? `${count(n / 1_024)} kB` : `${count(n / 1_048_576)} MB`);

/** A moment by the clock of whoever reads, to the second. */
export const moment = (at: number): string => {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
};

/** The time of day of a moment, with milliseconds. */
export const timeOfDay = (at: number): string =>
  `${moment(at).slice(11)}.${String(Math.floor(at) % 1_000).padStart(3, "0")}`;

/** `1 worker`, `3 workers`. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
