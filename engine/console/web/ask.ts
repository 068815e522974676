/** What a page asks the console's server, and how it goes on being told what runs. */
import { useEffect, useState } from "preact/hooks";
import type { FailureDocument } from "../documents.ts";
import { createStream, type LiveNow } from "./stream.ts";

/** Something that was refused or failed, in the server's words. */
export class AskFailed extends Error {
  readonly status: number;
  readonly failure: FailureDocument;
  constructor(status: number, failure: FailureDocument) {
    super(failure.message);
    this.status = status;
    this.failure = failure;
  }
}

/** Called where the session has ended. */
let loggedOut = (): void => {};
/** Sets what is done where the session has ended. */
export const onLoggedOut = (work: () => void): void => {
  loggedOut = work;
};

const failureOf = async (response: Response): Promise<FailureDocument> => {
  const unknown = { code: `HTTP_${response.status}`, message: `the console answered ${response.status}`, fix: null };
  // Our own server wrote it; a proxy between may have answered something else.
  const body = (await response.json().catch(() => unknown)) as Partial<FailureDocument>;
  return { ...unknown, ...body };
};

const answered = async <T>(path: string, request: RequestInit): Promise<T> => {
  const away = { code: "AWAY", message: "the console does not answer", fix: "Is it still running? It is asked again." };
  const response = await fetch(path, request).catch(() => {
    throw new AskFailed(0, away);
  });
  if (response.status === 401 && path !== "/api/login") loggedOut();
  if (!response.ok) throw new AskFailed(response.status, await failureOf(response));
  return (await response.json()) as T; // Our own server wrote it; documents.ts says what.
};

/** Asks for a document. @throws AskFailed */
export const ask = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  answered<T>(path, signal === undefined ? {} : { signal });

/** Has something done. @throws AskFailed */
export const act = <T>(path: string, body: object = {}): Promise<T> =>
  answered<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** What came of a question. */
export type Answer<T> =
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly error: AskFailed }
  | { readonly kind: "answered"; readonly document: T };

/** Asks for a document when `path` is another one, and again `everyMs` after each answer where given; `undefined` asks nothing. */
export const useAnswer = <T>(
  path: string | undefined,
  everyMs?: number,
): Answer<T> & { readonly again: () => void } => {
  const [answer, setAnswer] = useState<Answer<T>>({ kind: "waiting" });
  const [turn, setTurn] = useState(0);
  useEffect(() => setAnswer({ kind: "waiting" }), [path]);
  useEffect(() => {
    if (path === undefined) return undefined;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      try {
        const document = await ask<T>(path, leaving.signal);
        if (!leaving.signal.aborted) setAnswer({ kind: "answered", document });
      } catch (error) {
        if (!leaving.signal.aborted && error instanceof AskFailed) setAnswer({ kind: "failed", error });
      }
      // After the answer: what takes long is not asked for again meanwhile.
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);
  return { ...answer, again: () => setTurn((before) => before + 1) };
};

/** Closed for good by an answer such as 401: the session tells which. */
const askWhy = (): void => void ask("/api/history").catch(() => {});
const stream = createStream(() => new EventSource("/api/live"), askWhy);

/** Says whether the tab is seen: what runs is asked for while it is. */
export const showLive = stream.show;

/** What runs now, once a second. */
export const useLive = (): LiveNow => {
  const [now, setNow] = useState(stream.now);
  useEffect(() => {
    const leave = stream.look(setNow);
    setNow(stream.now);
    return leave;
  }, []);
  return now;
};
