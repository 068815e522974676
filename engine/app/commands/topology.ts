/** `sluice topology`: what is declared, drawn and applied. */
import { Command, Option } from "commander";
import { jsonDocument, note, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNamed, topologyNames } from "../define-app.ts";

/** The command with its verbs. */
export const topologyCommand = <Config extends EngineConfig>(app: App<Config>): Command => {
  const names = topologyNames(app);
  const topology = new Command("topology").description(
    "Shows the declared topologies, and makes what they need exist.",
  );
  topology.addCommand(
    new Command("apply")
      .description("create the tables, topics and schemas that are missing; changes nothing that is there")
      .option("--json", "print one JSON document")
      .action((options: { readonly json?: boolean }) => apply(app, options)),
  );
  topology.addCommand(
    new Command("graph")
      .description("draw a topology")
      .addOption(new Option("--topology <name>", "which topology").choices(names).default(names[0]))
      .addOption(new Option("--format <format>", "as what").choices(["text", "mermaid", "json"]).default("text"))
      .action((options: GraphOptions) => graph(app, options)),
  );
  return topology;
};

const apply = async <Config extends EngineConfig>(
  app: App<Config>,
  { json }: { readonly json?: boolean },
): Promise<void> => {
  const [{ applyApp }, { loadConfig }] = await Promise.all([import("../apply.ts"), import("../process.ts")]);
  const applied = await applyApp(app, await loadConfig(app));
  if (json) return printJson(jsonDocument("topology.apply", applied));
  note(`migrations: ${applied.migrations.join(", ") || "none were missing"}`);
  note(`topics:     ${applied.topics.join(", ")}`);
  note(`subjects:   ${applied.subjects.join(", ")}`);
};

interface GraphOptions {
  readonly topology: string;
  readonly format: "text" | "mermaid" | "json";
}

const graph = async <Config extends EngineConfig>(
  app: App<Config>,
  { topology, format }: GraphOptions,
): Promise<void> => {
  const { drawMermaid, drawText } = await import("../../flow/draw.ts");
  const declared = topologyNamed(app, topology).topology.graph;
  const drawing = {
    text: () => drawText(declared),
    mermaid: () => drawMermaid(declared),
    json: () => JSON.stringify(declared, null, 2),
  };
  print(drawing[format]());
};
