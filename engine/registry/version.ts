/** Which registry answers, and its version: every maker has a place of its own for it. Reads only. */
import { z } from "zod";
import { defaultTimeoutMs, type RegistryOptions, textOf, withoutCredentials } from "./http.ts";

const info = z.looseObject({ name: z.string().optional(), version: z.string() });

/**
 * Such as `Apicurio Registry 3.3.3`, or a version alone; undefined where it does not say, which is no reason not to use it.
 * Never rejects.
 */
export const registryVersion = async ({
  url,
  timeoutMs = defaultTimeoutMs,
}: RegistryOptions): Promise<string | undefined> => {
  const { base, headers } = withoutCredentials(url);
  // Apicurio's own, then Confluent's.
  const places = [`${new URL(base).origin}/apis/registry/v3/system/info`, `${base}/v1/metadata/version`];
  for (const place of places) {
    try {
      const response = await fetch(place, { headers, signal: AbortSignal.timeout(timeoutMs) });
      const { name, version } = info.parse(JSON.parse(await textOf(response)));
      return name === undefined ? version : `${shortName(name)} ${version}`;
    } catch {
      // Away, another maker's, or no JSON: the next place.
    }
  }
  return undefined;
};

/** Apicurio adds what it stores in, in parentheses. */
const shortName = (name: string): string => name.replace(/ *\(.*\)$/, "").slice(0, 100);
