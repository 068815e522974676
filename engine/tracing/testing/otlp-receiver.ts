/** An OTLP receiver in the test's own process: keeps what is posted, and answers as it is told. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as it was received. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number };
}

/** A document as it is posted. */
interface Posted {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[] }[];
}

/** Starts a receiver on loopback. `status`: what it answers; 200 where not changed. */
export const startOtlpReceiver = async () => {
  const spans: ReceivedSpan[] = [];
  const requests: { readonly path: string | undefined; readonly headers: IncomingMessage["headers"] }[] = [];
  const receiver = { status: 200 };
  const server = createServer(async (request, response) => {
    requests.push({ path: request.url, headers: request.headers });
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const posted = JSON.parse(text) as Posted; // A test's own claim about what is sent.
    if (receiver.status === 200)
      spans.push(...posted.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
    response.writeHead(receiver.status, { "content-type": "application/json", location: "/elsewhere" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // Of a TCP server it is one.
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(receiver, { url: `http://127.0.0.1:${port}`, spans, requests, close });
};
