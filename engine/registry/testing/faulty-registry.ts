/** Registries that misbehave, on a loopback port, for tests. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What is done about a request; `undefined` passes it on to the registry behind. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server that may be told to behave in another way at any time. */
export interface FaultyRegistry extends AsyncDisposable {
  readonly url: string;
  /** How the next requests are met. A behaviour that answers false leaves a request to the registry behind. */
  behave: Behaviour;
}

/** Never answers. */
export const hang: Behaviour = () => true;

/** Answers a byte now and then, for ever. */
export const trickle: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
  return true;
};

/** Cuts its answer off in the middle. */
export const cutOff: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"schema":', () => response.socket?.destroy());
  return true;
};

/** Answers this. */
export const answer =
  (status: number, body: string, type = "application/json"): Behaviour =>
  (_request, response) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
    return true;
  };

/** Answers a question for a schema with this body, and one for its subjects that it is of subject `s`. */
export const answerSchema =
  (body: string): Behaviour =>
  (request, response) =>
    answer(200, request.url?.includes("/versions") ? '[{"subject":"s","version":1}]' : body)(request, response);

/** Starts one; what its behaviour leaves alone goes to the registry behind, if there is one. */
export const faultyRegistry = async (first: Behaviour, behind?: string): Promise<FaultyRegistry> => {
  const server = createServer((request, response) => {
    if (faulty.behave(request, response)) return;
    void forward(request, response, `${behind}${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port, so the address is one.
  const { port } = server.address() as AddressInfo;
  const faulty: FaultyRegistry = {
    url: `http://127.0.0.1:${port}`,
    behave: first,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return faulty;
};

const forward = async (request: IncomingMessage, response: ServerResponse, to: string): Promise<void> => {
  const { method = "GET" } = request;
  const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
  const body = await text(request);
  const answered = await fetch(to, { method, headers, ...(method === "GET" ? {} : { body }) });
  response.writeHead(answered.status, { "content-type": "application/json" });
  response.end(await answered.text());
};

/** The URL of a port that nobody listens on. */
export const refusingUrl = async (): Promise<string> => {
  await using server = await faultyRegistry(hang);
  return server.url;
};
