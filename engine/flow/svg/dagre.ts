/**
 * The layout of dagre, with the types of what is used of it: its own import files without an extension, which Node's rules do
 * not resolve, so to the compiler they are anything.
 */
import * as dagre from "@dagrejs/dagre";

/** A place in px. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is placed, in px; its middle is known once it is. */
export interface Sized {
  readonly width: number;
  readonly height: number;
}

/** A graph to be placed. Edges between the same nodes differ by name. */
export interface LayoutGraph {
  readonly setGraph: (options: Readonly<Record<string, string | number>>) => void;
  readonly graph: () => Sized;
  readonly setNode: (name: string, size: Sized) => void;
  readonly node: (name: string) => Sized & Point;
  readonly setEdge: (from: string, to: string, label: Sized & { readonly labelpos: "c" }, name: string) => void;
  readonly edge: (
    from: string,
    to: string,
    name: string,
  ) => Sized & Partial<Point> & { readonly points: readonly Point[] };
}

const {
  Graph,
  layout,
}: {
  readonly Graph: new (options: { readonly multigraph: boolean }) => LayoutGraph;
  readonly layout: (graph: LayoutGraph) => void;
} = dagre;

/** An empty graph. */
export const layoutGraph = (): LayoutGraph => new Graph({ multigraph: true });

/** Gives every node and edge of a graph its place, the same one for the same graph. */
export const placeAll = (graph: LayoutGraph): void => layout(graph);
