/** What a problem's type leads to: what it means, for whoever follows it. */
import type { FastifyInstance } from "fastify";
import { Problem, type ProblemName, problemTypes } from "./problems.ts";

const isName = (name: string): name is ProblemName => Object.hasOwn(problemTypes, name);

const pageOf = (name: ProblemName): string => {
  const { status, title } = problemTypes[name];
  return `${name}\n\n${title}. The status is ${status}.\n\ndocs/reference/http.md#${name}\n`;
};

/** Adds `/problems/<name>`. It needs no token, as an answer of 401 leads here too. */
export const addProblemPages = (app: FastifyInstance): void => {
  app.get<{ Params: { readonly name: string } }>("/problems/:name", { schema: { hide: true } }, (request, reply) => {
    const { name } = request.params;
    if (!isName(name)) throw new Problem("not-found", { detail: "There is no such problem." });
    return reply.type("text/plain; charset=utf-8").header("cache-control", "public, max-age=86400").send(pageOf(name));
  });
};
