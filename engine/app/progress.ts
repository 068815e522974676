/** A line that is rewritten while work is done; off a terminal, a plain line now and then. */
import { clearLine, cursorTo } from "node:readline";
import { note } from "./cli.ts";

/** Shows `text()` until it is stopped. */
export interface ProgressLine {
  /** Takes the line away. */
  readonly stop: () => void;
}

/** On a terminal four times a second; elsewhere (a log file, CI) every five seconds, so that the log stays short. */
export const showProgress = (text: () => string): ProgressLine => {
  const { stderr } = process;
  const rewrite = (): void => {
    cursorTo(stderr, 0);
    stderr.write(text().slice(0, (stderr.columns ?? 100) - 1));
    clearLine(stderr, 1);
  };
  const timer = stderr.isTTY ? setInterval(rewrite, 250) : setInterval(() => note(text()), 5_000);
  return {
    stop: () => {
      clearInterval(timer);
      if (!stderr.isTTY) return;
      cursorTo(stderr, 0);
      clearLine(stderr, 0);
    },
  };
};
