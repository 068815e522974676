/** The settings of traces, under OpenTelemetry's own names. Off where no endpoint is given. */
import { z } from "zod";
import { integer, urlWithoutUser } from "./kinds.ts";

const ratioWords = "expected a number from 0 to 1";
/** Field names and values as HTTP has them: whatever else is in one could end the header field, and begin another. */
const headerList =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}=[\x21-\x2b\x2d-\x7e]{1,1000}(?:,[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}=[\x21-\x2b\x2d-\x7e]{1,1000}){0,15}$/;

/** The variables. */
export const tracingSettings = {
  /** Base of an OTLP/HTTP receiver, such as `http://host:4318`; `/v1/traces` is put behind it. Traces are off without it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: urlWithoutUser(["http:", "https:"]).optional(),
  /** What the receiver knows its clients by: `name=value,...`, values percent-encoded. A secret. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(headerList, "expected name=value, separated by commas, values percent-encoded")
    .refine(isDecodable, "expected two hexadecimal digits of UTF-8 after each %, and no control characters")
    .optional(),
  /** How long a request to the receiver may take in all. */
  OTEL_EXPORTER_OTLP_TIMEOUT: integer(100, 60_000, 10_000),
  /** What spans are of; `sluice-<process>` where not given. */
  OTEL_SERVICE_NAME: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, "expected 1 to 100 of A-Z a-z 0-9 . _ -")
    .optional(),
  /** The share of the traces that begin here which are recorded. A request that brings a context brings the decision. */
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/, ratioWords)
    .transform(Number)
    .default(1),
};

/** How spans are recorded and where they go. */
export interface TracingConfig {
  readonly endpoint: string;
  /** As the variable has them: a Buffer, which is not logged. */
  readonly headers: Buffer;
  readonly timeoutMs: number;
  readonly serviceName: string | undefined;
  readonly ratio: number;
}

/** Undefined where traces are off. */
export const tracingConfigFrom = (s: z.infer<z.ZodObject<typeof tracingSettings>>): TracingConfig | undefined =>
  s.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? undefined
    : {
        endpoint: s.OTEL_EXPORTER_OTLP_ENDPOINT,
        headers: Buffer.from(s.OTEL_EXPORTER_OTLP_HEADERS ?? ""),
        timeoutMs: s.OTEL_EXPORTER_OTLP_TIMEOUT,
        serviceName: s.OTEL_SERVICE_NAME,
        ratio: s.OTEL_TRACES_SAMPLER_ARG,
      };

/** The header fields of a list that was checked. @throws URIError where a value is not percent-encoded */
export const otlpHeaders = (list: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    list
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
      }),
  );

function isDecodable(list: string): boolean {
  try {
    return Object.values(otlpHeaders(list)).every((value) => /^[\x20-\x7e]+$/.test(value));
  } catch {
    return false;
  }
}
