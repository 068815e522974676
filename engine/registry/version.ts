/** Which registry answers, and its version: every maker has a place of its own for it. Reads only. */
import { z } from "zod";
import { answerMaxBytes, defaultTimeoutMs, type RegistryOptions } from "./http.ts";
import { registryDoor, sendRequest } from "./request.ts";

const info = z.looseObject({ name: z.string().optional(), version: z.string() });

/**
 * Such as `Apicurio Registry 3.3.3`, or only a version; undefined where it does not say, which is no reason not to use it.
 * Never rejects.
 */
export const registryVersion = async ({
  url,
  timeoutMs = defaultTimeoutMs,
}: RegistryOptions): Promise<string | undefined> => {
  const door = registryDoor(url);
  // Apicurio's own, then Confluent's.
  const places = [`${new URL(door.base).origin}/apis/registry/v3/system/info`, `${door.base}/v1/metadata/version`];
  for (const place of places) {
    try {
      const { text } = await sendRequest(door, {
        url: place,
        method: "GET",
        headers: door.headers(),
        signal: AbortSignal.timeout(timeoutMs),
        maxBytes: answerMaxBytes,
      });
      const { name, version } = info.parse(JSON.parse(text));
      return name === undefined ? version : `${shortName(name)} ${version}`;
    } catch {
      // Away, another maker's, or no JSON: the next place.
    }
  }
  return undefined;
};

/** Apicurio adds what it stores in, in parentheses. */
const shortName = (name: string): string => name.replace(/ *\(.*\)$/, "").slice(0, 100);
