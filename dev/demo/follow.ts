/** A client that follows its reservation by server-sent events: it is told its position in the queue, then the verdict. */
import type { Pool } from "undici";

/** What an answer about a reservation says, as far as a client of the demo looks. */
export interface ReservationAnswer {
  readonly status?: string;
  readonly reason?: string;
  readonly queue?: { readonly before: number };
}

/** Where a reservation is followed. */
export interface Followed {
  /** The `Location` of its 202. */
  readonly location: string;
  readonly authorization: string;
}

/** Follows it to the end of the stream; answers what came last. `told` is called with each position. */
export const followReservation = async (
  pool: Pick<Pool, "request">,
  { location, authorization }: Followed,
  told: (before: number) => void,
): Promise<ReservationAnswer> => {
  const path = location.replace(/(?=\?|$)/, "/events");
  const { statusCode, body } = await pool.request({ method: "GET", path, headers: { authorization } });
  let last: ReservationAnswer = {};
  if (statusCode !== 200) {
    await body.dump();
    return last;
  }
  for await (const answer of answersIn(body)) {
    last = answer;
    if (answer.queue !== undefined) told(answer.queue.before);
  }
  return last;
};

/** The data of each event, as JSON. An event that is not whole when the stream ends is none. */
export async function* answersIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReservationAnswer> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of body) {
    const blocks = (text + decoder.decode(part, { stream: true })).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      // The API's own documents.
      if (data !== undefined) yield JSON.parse(data) as ReservationAnswer;
    }
  }
}
