/** Reads one value, and has the schema of its writer asked for where that is not known: for whoever looks, and waits for no registry that lags. */
import type { Buffer } from "node:buffer";
import { missingSchema } from "../registry/foreign-schema.ts";
import { RegistryRefused, RegistryUnavailable } from "../registry/http.ts";
import type { Decoder } from "./codec.ts";
import { learnInTurn } from "./learn-in-turn.ts";

/** What bytes are by a decoder. */
export type ValueRead<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * At once, but where a schema has to be asked for. The decoder's codec has to answer at once that an id is unknown.
 * @throws RegistryUnavailable where a schema is not known and the registry does not answer @throws RegistryRefused where it refuses us
 */
export const readValue = <T>(decoder: Decoder<T>, bytes: Buffer | null): ValueRead<T> | Promise<ValueRead<T>> => {
  const decoded = decoder.decode(bytes);
  if (decoded.kind === "unknownSchema") return readLearning(decoder, decoded.id, bytes);
  return decoded.kind === "malformed" ? unreadable(decoded.why) : decoded;
};

const readLearning = async <T>(decoder: Decoder<T>, id: number, bytes: Buffer | null): Promise<ValueRead<T>> => {
  const learned = await learnInTurn(decoder, id);
  if (learned === "refused") throw new RegistryRefused(`schema ${id}`, {});
  if (learned === "unavailable" || learned === "awaited") throw new RegistryUnavailable(`schema ${id}`, {});
  if (learned === "unknown") return unreadable(missingSchema(id, decoder.registeredFor(id)).why);
  const decoded = decoder.decode(bytes);
  if (decoded.kind === "value") return decoded;
  return unreadable(decoded.kind === "malformed" ? decoded.why : `schema ${id} was learned and is not known`);
};

const unreadable = (why: string): { readonly kind: "unreadable"; readonly why: string } => ({
  kind: "unreadable",
  why,
});
