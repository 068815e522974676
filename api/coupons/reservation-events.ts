/**
 * What becomes of a reservation, as server-sent events: where it stands in the queue, as that changes, and the verdict, which
 * ends it. What can go wrong, and what its client sees:
 *
 * - it goes away: it is forgotten; one that does not read is sent nothing until it is closed as idle;
 * - the database is away at first: a problem, as of any read; later: the stream ends, and its client asks again;
 * - the log does not say where the request stands: no position is told until it does;
 * - the API closes, or ten minutes have passed: the stream ends without a verdict, and its client asks again, by itself.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { fieldsOf } from "../http/request/fields.ts";
import { createEventStream, type EventStream } from "../http/event-stream.ts";
import { placeFrom } from "./queue-position.ts";
import {
  pendingAnswer,
  type ReservationQuestion,
  type ReservationReads,
  readReservationId,
  takeSlot,
  verdictAnswer,
  verdictFor,
} from "./reservation-read.ts";

/** The longest a stream lasts. */
export const maxStreamMs = 600_000;
/** When its client asks again after it has ended without a verdict. */
const retryMs = 2_000;

/** Answers a request for events. @throws as a read does, before anything is sent */
export const answerEvents = async (
  request: FastifyRequest,
  reply: FastifyReply,
  reads: ReservationReads,
): Promise<FastifyReply> => {
  const id = readReservationId(request);
  const leaveSlot = takeSlot(request, reads);
  let stopTelling = (): void => {};
  reply.raw.once("close", () => {
    leaveSlot();
    stopTelling();
  });
  // Whose it is, and whether it is decided, before the first byte: until then an answer may still be a problem.
  const verdict = await verdictFor(request, reply, { ...reads, id, waitMs: 0 });
  const stream = createEventStream(reads.clock, retryMs);
  if (verdict !== null) stream.end(verdict.kind, verdictAnswer(id, verdict));
  else {
    stopTelling = tellPlace(request, stream, { ...reads, id });
    void tellVerdict(request, reply, stream, { ...reads, id, waitMs: maxStreamMs });
  }
  // Its headers are long gone when the API closes: a client that kept its connection would keep the API from closing.
  const headers = { "cache-control": "no-store", connection: "close" };
  return reply.headers(headers).type("text/event-stream").send(stream.body);
};

/** Tells where it stands until what it answers is called; once that it is pending, where the place of its record is not known. */
const tellPlace = (
  request: FastifyRequest,
  stream: EventStream,
  { id, queue }: Pick<ReservationReads & ReservationQuestion, "id" | "queue">,
): (() => void) => {
  const at = placeFrom(fieldsOf(request.query)["place"]);
  if (at !== undefined && queue !== undefined)
    return queue.follow(at, (position) => stream.send("pending", pendingAnswer(id, position)));
  stream.send("pending", pendingAnswer(id));
  return () => {};
};

const tellVerdict = async (
  request: FastifyRequest,
  reply: FastifyReply,
  stream: EventStream,
  reads: ReservationReads & ReservationQuestion,
): Promise<void> => {
  try {
    const verdict = await verdictFor(request, reply, reads);
    if (verdict === null) stream.end();
    else stream.end(verdict.kind, verdictAnswer(reads.id, verdict));
  } catch {
    // Its status is sent: its client asks again, and then has the reason.
    stream.end();
  }
};
