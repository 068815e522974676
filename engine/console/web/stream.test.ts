/** When the browser's one stream is open: while somebody looks, and the tab is seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStream, type LiveNow, type Source } from "./stream.ts";

/** A stream, the sources it opened, and how often it was refused. */
const streamOf = () => {
  const sources: { -readonly [Key in keyof Source]: Source[Key] }[] = [];
  const told = { refused: 0 };
  const stream = createStream(
    () => {
      const source: (typeof sources)[number] = {
        ...{ onerror: null, onmessage: null, readyState: 1 },
        close: () => {
          source.readyState = 2;
        },
      };
      sources.push(source);
      return source;
    },
    () => {
      told.refused += 1;
    },
  );
  return { stream, told, states: () => sources.map(({ readyState }) => readyState), sources };
};

test("stream: is closed when the tab is hidden, and opened again when it is seen", () => {
  const { stream, states } = streamOf();
  const leave = stream.look(() => {});
  stream.show(false);
  assert.deepEqual(states(), [2]);
  stream.show(true);
  stream.show(true);
  assert.deepEqual(states(), [2, 1]);
  leave();
  assert.deepEqual(states(), [2, 2]);
});

test("stream: is not opened when somebody looks in a tab that is hidden, or nobody looks in one that is seen", () => {
  const { stream, states } = streamOf();
  stream.show(false);
  const leave = stream.look(() => {});
  leave();
  stream.show(true);
  assert.deepEqual(states(), []);
});

test("stream: tells who looks that it is cut off, and asks why, when the server refuses it", () => {
  const { stream, sources, told } = streamOf();
  const seen: LiveNow[] = [];
  stream.look((now) => void seen.push(now));
  const [source] = sources;
  assert.ok(source !== undefined);
  source.readyState = 2;
  source.onerror?.call(source as EventSource, new Event("error"));
  assert.deepEqual(seen, [{ document: undefined, isConnected: false }]);
  assert.equal(told.refused, 1);
});
