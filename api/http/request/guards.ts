/** What is looked at before a body is read: who asks, what kind of body it is, and whether a header field was sent twice. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Problem, retryAfter, wrongField } from "../problems/problems.ts";
import type { Caller, TokenAnswer } from "../../tokens/token.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; set by {@link createAuthentication}, null on routes without authentication. */
    caller: Caller | null;
  }
}

/** A hook that runs before the body is read. It throws a Problem to end the request. */
export type Guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** Longer targets than this are refused; the longest that makes sense here has about 120. */
const maxUrlLength = 1_024;

/** Refuses targets that are too long. Throws `uri-too-long`. */
export const checkUrl: Guard = (request, _reply, done) => {
  const { url } = request.raw;
  if (url !== undefined && url.length > maxUrlLength) {
    throw new Problem("uri-too-long", {
      detail: `The target has ${url.length} characters, at most ${maxUrlLength} are read.`,
    });
  }
  done();
};

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** What authentication needs. */
export interface Authentication {
  readonly read: (token: string, nowMs: number) => TokenAnswer;
  readonly nowMs: () => number;
  readonly retryAfterSeconds: number;
}

/**
 * Guards that let only holders of a good token pass, and note who they are in `request.caller`. A token with a key that is
 * not known waits for the keys to be read anew, once; where there are no keys yet, it is `unavailable`.
 * Throws `token-missing`, `token-invalid`, `token-expired`; the second also `forbidden`.
 */
export const createAuthentication = ({
  read,
  nowMs,
  retryAfterSeconds,
}: Authentication): { readonly anyUser: Guard; readonly admin: Guard } => {
  const callerOf = (answer: TokenAnswer): Caller => {
    switch (answer.kind) {
      case "caller":
        return answer.caller;
      case "expired":
        throw unauthenticated("token-expired", "The token has expired.");
      case "invalid":
        throw unauthenticated("token-invalid", answer.why);
      case "unsure":
      case "keysAway": {
        const detail = "The keys that tokens are verified with could not be read yet. Ask again later.";
        throw new Problem("unavailable", { detail, headers: retryAfter({ retryAfterSeconds }) });
      }
    }
  };
  /** Answers at once unless keys have to be read first, which is rare: no request pays for a promise. */
  const authenticated =
    (pass: (caller: Caller) => void): Guard =>
    (request, _reply, done) => {
      const token = tokenOf(request);
      const settle = (answer: TokenAnswer): void => {
        request.caller = callerOf(answer);
        pass(request.caller);
      };
      const answer = read(token, nowMs());
      if (answer.kind !== "unsure") {
        settle(answer);
        return done();
      }
      void answer.asked.then(() => settle(read(token, nowMs()))).then(() => done(), done);
    };
  return {
    anyUser: authenticated(() => {}),
    admin: authenticated((caller) => {
      if (!caller.admin) throw new Problem("forbidden", { detail: "This needs a token with the role admin." });
    }),
  };
};

const tokenOf = (request: FastifyRequest): string => {
  const { authorization } = request.raw.headers;
  if (authorization === undefined) throw unauthenticated("token-missing", "A bearer token is required.");
  const token = bearer.exec(authorization)?.[1];
  if (token === undefined) throw unauthenticated("token-invalid", 'The field must read "Bearer <token>".');
  return token;
};

/** A challenge as RFC 6750, 3: no error code where no token was sent. */
const unauthenticated = (code: "token-missing" | "token-invalid" | "token-expired", message: string): Problem => {
  const challenge = 'Bearer realm="sluice"';
  const header =
    code === "token-missing"
      ? challenge
      : `${challenge}, error="invalid_token", error_description="${message.replaceAll('"', "'")}"`;
  return new Problem(code, {
    detail: message,
    errors: [{ field: "Authorization", message }],
    headers: { "www-authenticate": header },
  });
};

/** Who asks. Throws where a route forgot its guard: that must never become an answer. */
export const callerOf = (request: FastifyRequest): Caller => {
  if (request.caller === null) throw new Error(`${request.url} has no authentication guard`);
  return request.caller;
};

/** The whole of what a body may be: no other parameter, no other charset, no odd white space. */
const acceptedType = /^application\/json(?:; ?charset=(?:utf-8|"utf-8"))?$/i;

/**
 * Refuses bodies that are not JSON, before a byte of them is read. fastify's own matching of media types has been got
 * around three times (CVE-2025-32442, CVE-2026-25223, CVE-2026-33806), so it is not the one that decides.
 * Throws `unsupported-media-type`.
 */
export const checkContentType: Guard = (request, _reply, done) => {
  const { headers } = request.raw;
  const type = headers["content-type"];
  if (type === undefined ? hasBody(headers) : !acceptedType.test(type)) {
    const got = type === undefined ? "it is missing" : `got ${JSON.stringify(type.slice(0, 80))}`;
    throw wrongField(
      "unsupported-media-type",
      "Content-Type",
      `must be application/json, with charset=utf-8 if any; ${got}`,
    );
  }
  if (headers["content-encoding"] !== undefined) {
    throw wrongField("unsupported-media-type", "Content-Encoding", "must be absent: bodies are read as they come");
  }
  done();
};

const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";

/** Fields of which there may be one: two would be two meanings, of which the server and a proxy may each see another. */
const singleFields: ReadonlySet<string> = new Set([
  "authorization",
  "content-type",
  "content-length",
  "content-encoding",
  "idempotency-key",
  "host",
]);

/** Refuses a header field sent twice that may be sent once. Throws `malformed-request`. */
export const checkRepeatedFields: Guard = (request, _reply, done) => {
  const { rawHeaders } = request.raw;
  // Nearly every request has only a few fields, and none that repeats: compare counts first, names only on suspicion.
  if (rawHeaders.length / 2 === Object.keys(request.raw.headers).length) return done();
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    if (seen.has(name) && singleFields.has(name)) {
      throw wrongField("malformed-request", rawHeaders[at] ?? "", "is sent more than once");
    }
    seen.add(name);
  }
  done();
};
