/**
 * The console's server: who is logged in, its pages, what they load, and what they ask. It serves its own files and data to whoever
 * is logged in, and calls for no other host.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "../../logger.ts";
import { errorFields } from "../../logger.ts";
import { createLineLimit } from "../../line-limit.ts";
import type { FailureDocument, SessionDocument, Viewer } from "../documents.ts";
import type { Live } from "../live/live.ts";
import { ConsoleFailure } from "./failure.ts";
import { headers } from "./headers.ts";
import { icon } from "./icon.ts";
import { type Asset, collectModules } from "./modules.ts";
import { createSessions, type LoggingIn, type LoginCodes } from "./sessions.ts";
import { type Streams, createStreams } from "./streams.ts";
import { shellOf } from "./shell.ts";

/** A question that a page asks, or something that it has done. */
export interface Route {
  /** `GET` asks and changes nothing; `POST` acts, and is the operators' alone. */
  readonly method: "GET" | "POST";
  /** Below `/api/`. */
  readonly path: string;
  /** Answers as JSON. @throws ConsoleFailure, and whatever it meets, which is told by its message */
  readonly answer: (asked: Asked) => Promise<unknown>;
}

/** What was asked, and by whom. */
export interface Asked {
  readonly query: Readonly<Record<string, string>>;
  /** Of a POST: what was sent, an object. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly viewer: Viewer;
}

/** A page of an application. */
export interface ServedPage {
  readonly name: string;
  readonly title: string;
  /** The browser's module of it, which exports `page`. */
  readonly module: URL;
}

/** What a console is made of. */
export interface ConsoleParts {
  readonly app: string;
  readonly live: Live;
  readonly routes: readonly Route[];
  readonly pages: readonly ServedPage[];
  /** Whose token it is; undefined where it is nobody's who may look. */
  readonly viewerOf?: ((token: string) => Promise<LoggingIn | undefined>) | undefined;
  /** Codes for whoever sees this process's terminal; none where nobody is to log in so. */
  readonly codes?: (LoginCodes & Viewer & { readonly taken: () => void }) | undefined;
  /** Where browsers reach it, `https://console.example`; what it listens on, where not given. */
  readonly publicUrl?: string | undefined;
  /** Further styles of drawings. */
  readonly styles: readonly Asset[];
  /** What is said of an error that no page expected, and whether the one who asked is to do otherwise: it is logged if not. */
  readonly describe: (error: unknown) => FailureDocument & { readonly isAskers: boolean };
  readonly logger: Logger;
  readonly now: () => number;
}

/** Cookies know no ports, so consoles of one host would log each other out by one name. */
const cookieName = ({ headers: { host = "" } }: FastifyRequest): string =>
  `sluice-console-${/:(\d+)$/.exec(host)?.[1] ?? "0"}`;
/** Bytes of a request: the largest is a token, or a selection of letters. */
const bodyLimit = 65_536;

/** The console: call `listen`, or ask it by `inject`. @throws Error where a module of a page cannot be found */
export const createConsole = async (parts: ConsoleParts): Promise<FastifyInstance> => {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "../web/main.ts" : "../web/main.js", import.meta.url);
  const modules = await collectModules([entry, ...parts.pages.map(({ module }) => module)]);
  const at = (url: URL): Asset => {
    const asset = modules.get(url.href);
    if (asset === undefined) throw new RangeError(`${url.href} was not collected`);
    return asset;
  };
  const app = Fastify({ bodyLimit, forceCloseConnections: true, requestTimeout: 30_000, return503OnClosing: false });
  const guard = createGuard(parts);
  app.addHook("onSend", async (_request, reply) => void reply.headers(headers));
  app.setErrorHandler((error, _request, reply) => answerFailure(parts, error, reply));
  const styles = parts.styles.map(({ path }) => path);
  const shell = shellOf({ app: parts.app, script: at(entry).path, styles, icon: icon.path });
  addAssets(app, [...modules.values(), ...parts.styles, icon]);
  const pages = parts.pages.map(({ name, title, module }) => ({ name, title, module: at(module).path }));
  addSession(app, parts, guard, pages);
  addLive(app, parts.live, guard, createStreams());
  for (const route of parts.routes) addRoute(app, route, guard);
  // Every other address is a page's, which the browser finds.
  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === "GET" && !/^\/(api|assets)\//.test(request.url);
    if (isPage) return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(shell);
    throw new ConsoleFailure(404, "NOT_FOUND", "there is nothing at this address");
  });
  return app;
};

/** Lets those through who may ask. */
interface Guard {
  /** @throws ConsoleFailure (401) where nobody is logged in */
  readonly viewer: (request: FastifyRequest) => Viewer;
  /** @throws ConsoleFailure (403) for a viewer, and for what another site's page sends */
  readonly operator: (request: FastifyRequest) => Viewer;
  readonly sameOrigin: (request: FastifyRequest) => void;
  readonly known: (request: FastifyRequest) => Viewer | undefined;
  /** The secret of a request's session, whether there is one or not. */
  readonly secretOf: (request: FastifyRequest) => string;
  readonly begin: (who: LoggingIn, request: FastifyRequest, reply: FastifyReply) => void;
  readonly end: (request: FastifyRequest, reply: FastifyReply) => void;
}

const createGuard = ({ now, publicUrl }: Pick<ConsoleParts, "now" | "publicUrl">): Guard => {
  const sessions = createSessions(now);
  const isSecure = publicUrl?.startsWith("https:") === true;
  const cookie = (request: FastifyRequest, value: string, seconds: number): string =>
    `${cookieName(request)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
  const secretOf = (request: FastifyRequest): string => {
    const name = `${cookieName(request)}=`;
    const all = (request.headers.cookie ?? "").split(/;\s*/);
    return all.find((one) => one.startsWith(name))?.slice(name.length) ?? "";
  };
  const known = (request: FastifyRequest): Viewer | undefined => sessions.viewerOf(secretOf(request));
  const viewer = (request: FastifyRequest): Viewer => {
    const found = known(request);
    if (found !== undefined) return found;
    throw new ConsoleFailure(401, "NOT_LOGGED_IN", "nobody is logged in here, or the session has ended", "Log in.");
  };
  // SameSite keeps the cookie from other sites, and this keeps out those that share ours: other ports of this machine.
  const sameOrigin = (request: FastifyRequest): void => {
    const expected = publicUrl === undefined ? `http://${request.headers.host}` : new URL(publicUrl).origin;
    if (request.headers.origin === expected) return;
    throw new ConsoleFailure(403, "OTHER_ORIGIN", "this was not sent by a page of this console");
  };
  return {
    ...{ viewer, known, secretOf, sameOrigin },
    operator: (request) => {
      sameOrigin(request);
      const found = viewer(request);
      if (found.role === "operator") return found;
      const fix = "Log in with a token whose role is operator.";
      throw new ConsoleFailure(403, "VIEWER_ONLY", `${found.name} may look here, and not act`, fix);
    },
    begin: (who, request, reply) => {
      const { secret, lastsMs } = sessions.begin(who);
      void reply.header("set-cookie", cookie(request, secret, Math.ceil(lastsMs / 1_000)));
    },
    end: (request, reply) => {
      sessions.end(secretOf(request));
      void reply.header("set-cookie", cookie(request, "", 0));
    },
  };
};

const answerFailure = ({ describe, logger }: ConsoleParts, error: unknown, reply: FastifyReply): FastifyReply => {
  if (error instanceof ConsoleFailure) {
    const { status, code, message, fix } = error;
    return reply.status(status).send({ code, message, fix } satisfies FailureDocument);
  }
  const { isAskers, ...failure } = describe(error);
  // Fastify's own: a body that is too large, or no JSON.
  const own = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
  const status = own ?? (isAskers ? 422 : 500);
  if (status >= 500) logger.warn({ event: "console.failed", ...errorFields(error) }, "a page of the console failed");
  return reply.status(status).send(failure);
};

const addAssets = (app: FastifyInstance, assets: readonly Asset[]): void => {
  for (const { path, type, body } of assets)
    app.get(path, (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).header("cache-control", "public, max-age=31536000, immutable").send(body),
    );
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const addSession = (
  app: FastifyInstance,
  { app: name, viewerOf, codes, logger, now }: ConsoleParts,
  guard: Guard,
  pages: SessionDocument["pages"],
): void => {
  const ways = [
    ...(codes === undefined ? [] : ["by the address that this console printed at its start"]),
    ...(viewerOf === undefined ? [] : ["with a token whose role is viewer or operator"]),
  ];
  const lineLimit = createLineLimit(now);
  const howToLogIn = `Log in ${ways.join(", or ")}.`;
  app.get("/api/session", (request, reply) => {
    const viewer = guard.known(request) ?? null;
    const document: SessionDocument = { app: name, viewer, pages: viewer === null ? [] : pages, howToLogIn };
    return reply.header("cache-control", "no-store").send(document);
  });
  app.post("/api/login", async (request, reply) => {
    guard.sameOrigin(request);
    const body = isObject(request.body) ? request.body : {};
    const who = await whoLogsIn(body).catch((error: unknown) => {
      if (error instanceof ConsoleFailure) tellRefused(error, request);
      throw error;
    });
    guard.begin(who, request, reply);
    return { viewer: { name: who.name, role: who.role } };
  });
  app.post("/api/logout", async (request, reply) => {
    guard.sameOrigin(request);
    guard.end(request, reply);
    return {};
  });

  /** Never what was sent: it may be a token with one letter wrong. */
  function tellRefused({ code, message }: ConsoleFailure, { ip: from }: FastifyRequest): void {
    const line = lineLimit(code);
    if (line === undefined) return;
    logger.warn({ event: "console.loginRefused", code, from, ...line }, `nobody was logged in: ${message}`);
  }

  async function whoLogsIn({ code, token }: Readonly<Record<string, unknown>>): Promise<LoggingIn> {
    if (typeof code === "string" && codes?.take(code) === true) {
      codes.taken();
      return { name: codes.name, role: codes.role, expiresAtMs: Number.POSITIVE_INFINITY };
    }
    if (typeof code === "string")
      throw new ConsoleFailure(401, "CODE_USED", "this address was used before, or is of an earlier start", howToLogIn);
    const found = typeof token === "string" ? await viewerOf?.(token.trim()) : undefined;
    if (found !== undefined) return found;
    throw new ConsoleFailure(401, "NOT_TAKEN", "this token is not taken here", howToLogIn);
  }
};

const addLive = (app: FastifyInstance, live: Live, guard: Guard, streams: Streams): void => {
  app.get("/api/history", (request, reply) => {
    guard.viewer(request);
    return reply.header("cache-control", "no-store").send(live.history());
  });
  app.get("/api/live", (request, reply) => {
    guard.viewer(request);
    const mayGoOn = (): boolean => guard.known(request) !== undefined;
    return streams.open(request, reply, { watch: live.watch, session: guard.secretOf(request), mayGoOn });
  });
  app.addHook("preClose", (done) => {
    streams.close();
    done();
  });
};

const addRoute = (app: FastifyInstance, { method, path, answer }: Route, guard: Guard): void => {
  app.route({
    method,
    url: `/api/${path}`,
    handler: async (request, reply) => {
      const viewer = method === "GET" ? guard.viewer(request) : guard.operator(request);
      const query = isObject(request.query) ? request.query : {};
      void reply.header("cache-control", "no-store");
      return answer({
        // Of what is given twice, the first.
        query: Object.fromEntries(
          Object.entries(query).map(([name, value]) => [name, String(Array.isArray(value) ? value[0] : value)]),
        ),
        body: isObject(request.body) ? request.body : {},
        viewer,
      });
    },
  });
};
