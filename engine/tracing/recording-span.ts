/** A span that is recorded, with a limit on all that it may hold. What is beyond a limit is left out without a word. */
import {
  type Exception,
  type Link,
  type Span,
  type SpanAttributes,
  type SpanAttributeValue,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from "@opentelemetry/api";
import type { EndedSpan } from "./ended-span.ts";

/** Attributes of a span at most. */
export const maxAttributes = 32;
/** Links of a span at most: a round has more records than anybody follows. */
export const maxLinks = 100;
/** Characters of a name, of a text and of a list's text at most. */
export const maxText = 256;

/** What a span begins with. */
export interface Beginning {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentSpanId: string | undefined;
  readonly startTime: TimeInput | undefined;
  readonly attributes: SpanAttributes | undefined;
  readonly links: readonly Link[];
}

/** Makes a span; `ended` is called once, when it ends. Events are not kept: what happens is a log line, with the trace's id. */
export class RecordingSpan implements Span {
  readonly #beginning: Beginning;
  readonly #ended: (span: EndedSpan) => void;
  readonly #attributes = new Map<string, SpanAttributeValue>();
  readonly #links: SpanContext[];
  readonly #startedAtMs: number;
  #name: string;
  #status: SpanStatus = { code: SpanStatusCode.UNSET };
  #over = false;

  constructor(beginning: Beginning, ended: (span: EndedSpan) => void) {
    this.#beginning = beginning;
    this.#ended = ended;
    this.#name = cut(beginning.name);
    this.#startedAtMs = epochMs(beginning.startTime);
    this.#links = beginning.links.slice(0, maxLinks).map(({ context }) => context);
    if (beginning.attributes !== undefined) this.setAttributes(beginning.attributes);
  }

  spanContext(): SpanContext {
    return this.#beginning.context;
  }

  setAttribute(name: string, value: SpanAttributeValue): this {
    if (this.#over || value === undefined || value === null) return this;
    if (this.#attributes.size < maxAttributes || this.#attributes.has(name))
      this.#attributes.set(cut(name), bounded(value));
    return this;
  }

  setAttributes(attributes: SpanAttributes): this {
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) this.setAttribute(name, value);
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(link: Link): this {
    return this.addLinks([link]);
  }

  addLinks(links: readonly Link[]): this {
    if (!this.#over) this.#links.push(...links.slice(0, maxLinks - this.#links.length).map(({ context }) => context));
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.#over) this.#status = status;
    return this;
  }

  updateName(name: string): this {
    if (!this.#over) this.#name = cut(name);
    return this;
  }

  isRecording(): boolean {
    return !this.#over;
  }

  recordException(exception: Exception): void {
    const type = typeof exception === "string" ? undefined : (exception.code ?? exception.name);
    if (type !== undefined) this.setAttribute("error.type", String(type));
  }

  end(endTime?: TimeInput): void {
    if (this.#over) return;
    this.#over = true;
    const { kind, context, parentSpanId } = this.#beginning;
    const { code: status, message } = this.#status;
    this.#ended({
      name: this.#name,
      kind,
      context,
      parentSpanId,
      startedAtMs: this.#startedAtMs,
      // A time that was given may be before the start.
      endedAtMs: Math.max(this.#startedAtMs, epochMs(endTime)),
      attributes: this.#attributes,
      links: this.#links,
      status,
      statusMessage: message === undefined ? undefined : cut(message),
    });
  }
}

const cut = (text: string): string => (text.length > maxText ? text.slice(0, maxText) : text);

const bounded = (value: SpanAttributeValue): SpanAttributeValue => {
  if (typeof value === "string") return cut(value);
  return typeof value === "object" ? cut(JSON.stringify(value)) : value;
};

/** As the interfaces have it: a number is of the epoch, or of `performance.now()`, by its size. */
const epochMs = (time: TimeInput | undefined): number => {
  if (time === undefined) return performance.timeOrigin + performance.now();
  if (time instanceof Date) return time.getTime();
  if (typeof time !== "number") return time[0] * 1_000 + time[1] / 1_000_000;
  return time < performance.timeOrigin ? performance.timeOrigin + time : time;
};
