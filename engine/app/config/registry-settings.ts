/** The settings of the registry: one address, in which everything that it is asked with comes together. */
import { z } from "zod";
import { unreadableFiles } from "../../connect/tls.ts";
import { readRegistryAddress, tokenFileParameter } from "../../registry/address.ts";
import { address, path } from "./kinds.ts";

/** The variables. */
export const registrySettings = {
  /** Base of a Confluent-compatible API, such as `https://host/path?ssl-ca=/path`: docs/connections.md. */
  SLUICE_REGISTRY_URL: address(readRegistryAddress),
  /** `user:password` of the registry, where it is behind basic authentication; Confluent's `basic.auth.user.info`. */
  SLUICE_REGISTRY_AUTH: z
    .string()
    .regex(/^[^:]+:.+$/s, "expected user:password")
    .optional(),
  /** A file with a bearer token of the registry: read again for each request. */
  SLUICE_REGISTRY_TOKEN_FILE: path().optional(),
};

type RegistryValues = z.infer<z.ZodObject<typeof registrySettings>>;

/** The address with its credentials: every log line and document shows URLs without them. */
export const registryUrlFrom = (s: RegistryValues): string => {
  const { SLUICE_REGISTRY_URL: url, SLUICE_REGISTRY_AUTH: auth, SLUICE_REGISTRY_TOKEN_FILE: tokenFile } = s;
  if (auth === undefined && tokenFile === undefined) return url;
  const parsed = new URL(url);
  if (tokenFile !== undefined) parsed.searchParams.set(tokenFileParameter, tokenFile);
  if (auth !== undefined) {
    const colon = auth.indexOf(":");
    parsed.username = encodeURIComponent(auth.slice(0, colon));
    parsed.password = encodeURIComponent(auth.slice(colon + 1));
  }
  return parsed.href;
};

/** What contradicts itself, one sentence each. `readFile` throws where a file can't be read. */
export const registryConflicts = (s: RegistryValues, readFile: (path: string) => string): readonly string[] => {
  const { credentials, tls } = readRegistryAddress(s.SLUICE_REGISTRY_URL);
  const tokenFile = s.SLUICE_REGISTRY_TOKEN_FILE;
  const inUrl = credentials === undefined ? undefined : "tokenFile" in credentials ? "token-file" : "user";
  const files =
    tokenFile ?? (credentials !== undefined && "tokenFile" in credentials ? credentials.tokenFile : undefined);
  return [
    ...(s.SLUICE_REGISTRY_AUTH !== undefined && inUrl !== undefined
      ? [`SLUICE_REGISTRY_AUTH: expected no ${inUrl} in SLUICE_REGISTRY_URL beside it`]
      : []),
    ...(tokenFile !== undefined && inUrl !== undefined
      ? [`SLUICE_REGISTRY_TOKEN_FILE: expected no ${inUrl} in SLUICE_REGISTRY_URL beside it`]
      : []),
    ...(tokenFile !== undefined && s.SLUICE_REGISTRY_AUTH !== undefined
      ? ["SLUICE_REGISTRY_TOKEN_FILE: expected no SLUICE_REGISTRY_AUTH beside it"]
      : []),
    ...unreadableFiles(tls ?? {}, readFile).map((problem) => `SLUICE_REGISTRY_URL: ${problem}`),
    ...unreadableFiles({ ca: files }, readFile).map((problem) => `SLUICE_REGISTRY_TOKEN_FILE: ${problem}`),
  ];
};
