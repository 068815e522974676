/**
 * Makes a SCRAM user on a broker: AlterUserScramCredentials, version 0, which kafkajs does not have; Kafka's own tool starts a
 * JVM for each. Layout: Kafka's protocol guide.
 */
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { connect } from "node:net";

const mechanisms = {
  "SCRAM-SHA-256": { number: 1, digest: "sha256", bytes: 32 },
  "SCRAM-SHA-512": { number: 2, digest: "sha512", bytes: 64 },
} as const;

/** Adds a password for one mechanism, through a door in plain text. @throws Error with the broker's number where it refuses. */
export const addScramUser = async (
  broker: string,
  user: { readonly name: string; readonly password: string; readonly mechanism: keyof typeof mechanisms },
): Promise<void> => {
  const { number, digest, bytes } = mechanisms[user.mechanism];
  const iterations = 4_096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(user.password, salt, iterations, bytes, digest);
  const body = Buffer.concat([
    ...[
      compactLength(0),
      compactLength(1),
      compactBytes(Buffer.from(user.name)),
      Buffer.from([number]),
      int32(iterations),
    ],
    ...[compactBytes(salt), compactBytes(salted), noTags, noTags],
  ]);
  // Key 51, version 0, correlation 1, no client id; a header of version 2.
  const header = Buffer.concat([Buffer.from([0, 51, 0, 0]), int32(1), Buffer.from([0xff, 0xff]), noTags]);
  const answer = await exchange(broker, Buffer.concat([int32(header.length + body.length), header, body]));
  // Correlation, tags, throttling, the number of results, the user's name; all lengths here are under 127.
  const error = answer.readInt16BE(4 + 1 + 4 + 1 + 1 + user.name.length);
  if (error !== 0) throw new Error(`the broker refused to add a user: error ${error}`);
};

const noTags = Buffer.from([0]);
const compactLength = (length: number): Buffer => Buffer.from([length + 1]);
const compactBytes = (bytes: Buffer): Buffer => Buffer.concat([compactLength(bytes.length), bytes]);
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** Sends a request and gives the answer without its size. */
const exchange = (broker: string, request: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(`tcp://${broker}`);
    const socket = connect({ host: hostname, port: Number(port), timeout: 10_000 }, () => socket.write(request));
    let got = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < 4 || got.length < 4 + got.readInt32BE(0)) return;
      socket.destroy();
      resolve(got.subarray(4));
    });
    socket.on("timeout", () => socket.destroy(new Error("the broker did not answer")));
    socket.on("close", () => reject(new Error("the broker closed the connection")));
    socket.on("error", reject);
  });
