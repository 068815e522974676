/** The stream of what runs: open while somebody looks and the tab is seen, since a browser has six connections to a host for all of its tabs. */
import type { LiveDocument } from "../documents.ts";

/** What runs, and whether the server still says so. */
export interface LiveNow {
  readonly document: LiveDocument | undefined;
  readonly isConnected: boolean;
}

/** As much of an EventSource as is used. */
export type Source = Pick<EventSource, "close" | "onerror" | "onmessage" | "readyState">;

/** One stream for the whole page, whichever parts of it look. */
export interface Stream {
  readonly now: () => LiveNow;
  /** Calls `see` with what is new until the answered function is called. */
  readonly look: (see: (now: LiveNow) => void) => () => void;
  /** Says whether the tab is seen: nothing is asked for while it is not. */
  readonly show: (isSeen: boolean) => void;
}

/** `readyState` of one that asks no more. */
const closed = 2;

/** Not open yet. `open` asks the server; `refused` is called where it answered with something else than a stream. */
export const createStream = (open: () => Source, refused: () => void): Stream => {
  const seen = new Set<(now: LiveNow) => void>();
  let now: LiveNow = { document: undefined, isConnected: true };
  let source: Source | undefined;
  let isShown = true;
  const tell = (next: LiveNow): void => {
    now = next;
    for (const see of seen) see(now);
  };
  const listen = (): void => {
    const opened = open();
    opened.onmessage = ({ data }: MessageEvent<string>) =>
      tell({ document: JSON.parse(data) as LiveDocument, isConnected: true }); // As documents.ts has it.
    opened.onerror = () => {
      tell({ ...now, isConnected: false });
      if (opened.readyState === closed) refused();
    };
    source = opened;
  };
  const settle = (): void => {
    if (isShown && seen.size > 0) {
      if (source === undefined || source.readyState === closed) listen();
      return;
    }
    source?.close();
    source = undefined;
  };
  return {
    now: () => now,
    look: (see) => {
      seen.add(see);
      settle();
      return () => {
        seen.delete(see);
        settle();
      };
    },
    show: (isSeen) => {
      isShown = isSeen;
      settle();
    },
  };
};
