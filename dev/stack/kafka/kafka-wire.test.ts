// The bytes of the readiness requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeGroupRequest,
  findCoordinatorRequest,
  frame,
  groupPerPartition,
  javaHash,
  metadataRequest,
  parseCoordinator,
  parseGroupError,
  parseMetadata,
} from "./kafka-wire.ts";

test("frame: puts size, key, version, correlation id and client id before the body", () => {
  const client = Buffer.from("sluice-stack").toString("hex");
  const expected = `0000001a${"0003"}${"0002"}00000007${"000c"}${client}${"00000000"}`;
  assert.equal(frame(metadataRequest, 7).toString("hex"), expected);
});

test("findCoordinatorRequest: asks for a group, not for a transaction", () => {
  assert.equal(findCoordinatorRequest("ab").body.toString("hex"), "0002616200");
});

test("describeGroupRequest: asks about one group", () => {
  assert.equal(describeGroupRequest("ab").body.toString("hex"), "0000000100026162");
});

// Two brokers, `a`:1 without a rack and `b`:2 with rack `r`, cluster `c`, and controller 2.
const metadata = Buffer.from(
  `${"00000002"}${"00000001000161"}${"00000001ffff"}${"00000002000162"}${"00000002000172"}${"000163"}00000002`,
  "hex",
);

test("parseMetadata: reads brokers and controller", () => {
  assert.deepEqual(parseMetadata(metadata), {
    brokers: [
      { nodeId: 1, host: "a", port: 1 },
      { nodeId: 2, host: "b", port: 2 },
    ],
    clusterId: "c",
    controllerId: 2,
  });
});

test("parseMetadata: rejects an answer that is cut short at any byte", () => {
  for (let length = 0; length < metadata.length; length += 1) {
    assert.throws(() => parseMetadata(metadata.subarray(0, length)), RangeError);
  }
});

test("parseCoordinator: reads the error, and the address when there is none", () => {
  const missing = Buffer.from(`${"00000000"}${"000f"}${"0001"}78${"ffffffff"}${"0000"}${"ffffffff"}`, "hex");
  assert.deepEqual(parseCoordinator(missing), { errorCode: 15, host: "", port: -1 });
  const found = Buffer.from(`${"00000000"}${"0000"}${"ffff"}${"00000001"}${"000168"}${"00004e84"}`, "hex");
  assert.deepEqual(parseCoordinator(found), { errorCode: 0, host: "h", port: 20100 });
});

test("parseGroupError: reads the error of the one group", () => {
  assert.equal(parseGroupError(Buffer.from("00000001000e", "hex")), 14);
});

test("javaHash: hashes as Java does, over 32 bits too", () => {
  // Values of String.hashCode.
  assert.equal(javaHash(""), 0);
  assert.equal(javaHash("hello"), 99162322);
  assert.equal(javaHash("polygenelubricants"), -2147483648);
});

test("groupPerPartition: finds one group for each partition", () => {
  const groups = groupPerPartition(50);
  assert.equal(groups.length, 50);
  assert.equal(new Set(groups.map((groupId) => (javaHash(groupId) & 0x7fffffff) % 50)).size, 50);
});
