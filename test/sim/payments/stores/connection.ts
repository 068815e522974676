/** A connection as its process sees it: every call may be the last one, and one that fails is. */
import { Unavailable } from "../../../../engine/errors.ts";
import type { PaymentAsk } from "../../../../processors/payments/payment-ports.ts";
import type { Dice } from "../../environment/dice.ts";
import type { Call, Network } from "../../environment/network.ts";
import type { Process } from "../../environment/process.ts";
import type { Time } from "../../environment/time.ts";
import type { Database, Session } from "./database.ts";
import type { PaymentScenario } from "../scenario.ts";

/** What a database is reached through. */
export interface DatabaseWorld {
  readonly network: Network;
  readonly database: Database;
  readonly time: Time;
  readonly dice: Dice;
  readonly scenario: PaymentScenario;
  readonly stormy: () => boolean;
  /** A process knows what its asks came to. */
  readonly heard: (asks: readonly PaymentAsk[]) => void;
}

/** One statement, or some that go together. `about`: orders. */
export type Statement<T> = Pick<Call<T>, "kind" | "what" | "about" | "inWords" | "aside"> & {
  /** Takes effect when it arrives, if the connection is still there. */
  readonly effect: () => T | Promise<T>;
};

/** A connection. */
export interface Connection {
  readonly session: Session;
  readonly say: <T>(statement: Statement<T>) => Promise<T>;
  /** The process needs it no more. */
  readonly close: () => void;
}

/** Until the server notices that a client has given up on its connection, ms. */
const [noticeMs, lateNoticeMs] = [30, 900];

/** A new connection. A call that fails for want of an answer ends it; the server notices that a little later. */
export const connect = (process: Process, { network, database, time, dice, scenario }: DatabaseWorld): Connection => {
  const session = database.connect(process);
  // What was said on it and not answered may still arrive, but nothing that is said later arrives before it.
  let isLost = false;
  const giveUp = (): void => {
    isLost = true;
    const withinMs = scenario.profile === "overlapping" ? lateNoticeMs : noticeMs;
    time.after(dice.between(1, withinMs), () => database.close(session, "given up by its client"));
  };
  const say = async <T>({ effect, ...about }: Statement<T>): Promise<T> => {
    const arrive = async (): Promise<T> => {
      if (!session.open) throw new Unavailable("database", "the connection has ended");
      session.heardAt = time.now();
      return effect();
    };
    if (isLost) throw new Unavailable("database", "the connection was lost");
    try {
      return await network.call({ ...about, from: process, to: "database", effect: arrive });
    } catch (error) {
      if (error instanceof Unavailable) giveUp();
      else database.rollback(session);
      throw error;
    }
  };
  return { session, say, close: () => database.close(session, "closed") };
};
