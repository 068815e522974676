/** What became of a letter, as a word with its colour. */
import { html, type View } from "../html.ts";
import { Pill, type Tone } from "../parts.ts";

const tones: Readonly<Record<string, Tone>> = {
  open: "warn",
  pending: "info",
  resolved: "good",
  "failed-again": "bad",
  discarded: "quiet",
};

/** The word. */
export const LetterState = ({ state }: { readonly state: string }): View =>
  html`<${Pill} tone=${tones[state] ?? "quiet"}>${state}<//>`;
