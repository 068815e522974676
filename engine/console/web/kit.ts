/** What pages of applications are made of: `sluice-engine/console`. For browsers alone. */
export { act, type Answer, ask, AskFailed, useAnswer, useLive } from "./ask.ts";
export { ago, bytes, count, counted, duration, moment, perSecond, timeOfDay } from "./formats.ts";
export { type ComponentChildren, html, type View } from "./html.ts";
export { go, Link, type Page, type PageProps } from "./page.ts";
export { Answered, type Column, Failure, Panel, Pill, Stat, Table, type Tone, Waiting } from "./parts.ts";
