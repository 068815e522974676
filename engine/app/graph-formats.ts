/** The forms a topology can be drawn in. */
export const graphFormats = ["text", "mermaid", "json", "svg", "asyncapi"] as const;

/** One of them. */
export type GraphFormat = (typeof graphFormats)[number];
