/** Elements written as HTML, made by preact: whatever is put in between is text, never markup. */
import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";

/** What a component answers. */
export type View = VNode | null;
export type { ComponentChildren };

/** Its types are written for CommonJS, where the function is behind `default`; of one element, it answers one. */
interface Bound {
  readonly bind: (make: typeof h) => (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode;
}

/** `html\`<p class=${name}>${text}</p>\``: one element. */
export const html: (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode = (
  htm as unknown as Bound
).bind(h);
