/** The failure windows, and where each is tried: data, checked by windows.test.ts. */

/** Something that tries a window: a fault or fail point of this folder, a test file, or a mutant of the simulator. */
export interface Trial {
  readonly kind: "fault" | "fail point" | "test" | "mutant";
  /** A name, or for a test its file. */
  readonly name: string;
}

/** A window of time in which a failure could break a promise. */
export interface Window {
  readonly number: number;
  readonly about: string;
  readonly tried: readonly Trial[];
  /** What of it is not tried, and why; absent where all is. */
  readonly open?: string;
}

export const windows: readonly Window[] = [];
