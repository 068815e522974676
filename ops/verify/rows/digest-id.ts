/** A text as an id of the same size for all: equal where the texts are, and different where they are not, but for 1 of 2^128. */
import { hash } from "node:crypto";
import { uuidOf } from "../../../stores/ids.ts";

/** Its MD5 in the form of a UUID: a collision would be a false alarm, and nobody gains by making one. */
export const digestId = (text: string): string => uuidOf(hash("md5", text, "buffer"));
