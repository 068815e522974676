/** The real database behind a wire that can be cut, for tests of what a store does when it cannot reach it. */
import { after, beforeEach } from "node:test";
import { tcpProxy } from "../../testing/tcp-proxy.ts";
import { type Database, type DatabaseConfig, openDatabase } from "../database.ts";
import { databaseUnderTest } from "./database-under-test.ts";

/** At the request: before the COMMIT arrived. At the reply: after it took effect. */
export type CutAt = "onRequest" | "onReply";

/** Where a COMMIT is cut, for a test of each. */
export const commitCuts = [
  ["before it arrived", "onRequest"],
  ["after it took effect", "onReply"],
] as const;

/** A {@link databaseUnderTest} with a proxy that is healed before each test. Call it once, at the head of a file. */
export const databaseBehindProxy = async () => {
  const { url, database } = databaseUnderTest();
  // Not in a hook: hooks of one file run side by side, and others need its address.
  const proxy = await tcpProxy(url);
  beforeEach(() => proxy.heal());
  after(() => proxy.close());

  /** A pool of its own for one test. */
  const using = async (config: Partial<DatabaseConfig>, body: (mine: Database) => Promise<void>): Promise<void> => {
    const mine = openDatabase({ databaseUrl: url, ...config });
    try {
      await body(mine);
    } finally {
      await mine.close();
    }
  };

  /** Cuts the connection at the next COMMIT; the answer says whether there was one. */
  const cutCommit = (at: CutAt): (() => boolean) => {
    let committing = false;
    proxy.onRequest = (bytes) => {
      // COM_QUERY and its text; every new connection also says READ COMMITTED.
      committing ||= bytes.includes("\x03COMMIT");
      return committing && at === "onRequest" ? "cut" : "pass";
    };
    proxy.onReply = () => (committing ? "cut" : "pass");
    return () => committing;
  };

  return { url, database, proxy, using, cutCommit };
};
