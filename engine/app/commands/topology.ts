/** `sluice topology`: what is declared, drawn and applied. */
import { Command, Option } from "commander";
import { jsonDocument, note, print, printJson } from "../cli.ts";
import { topologies, type TopologyName, topologyNames } from "../../../ops/processes/topologies.ts";

/** The command with its verbs. */
export const topologyCommand = (): Command => {
  const topology = new Command("topology").description(
    "Shows the declared topologies, and makes what they need exist.",
  );
  topology.addCommand(
    new Command("apply")
      .description("create the tables, topics and schemas that are missing; changes nothing that is there")
      .option("--json", "print one JSON document")
      .action(apply),
  );
  topology.addCommand(
    new Command("graph")
      .description("draw a topology")
      .addOption(new Option("--topology <name>", "which topology").choices(topologyNames).default("coupon-issuing"))
      .addOption(new Option("--format <format>", "as what").choices(["text", "mermaid", "json"]).default("text"))
      .action(graph),
  );
  return topology;
};

const apply = async ({ json }: { readonly json?: boolean }): Promise<void> => {
  const [{ applyAll }, { loadConfig }] = await Promise.all([import("../../../ops/apply.ts"), import("../process.ts")]);
  const applied = await applyAll(await loadConfig());
  if (json) return printJson(jsonDocument("topology.apply", applied));
  note(`migrations: ${applied.migrations.join(", ") || "none were missing"}`);
  note(`topics:     ${applied.topics.join(", ")}`);
  note(`subjects:   ${applied.subjects.join(", ")}`);
};

interface GraphOptions {
  readonly topology: TopologyName;
  readonly format: "text" | "mermaid" | "json";
}

const graph = async ({ topology, format }: GraphOptions): Promise<void> => {
  const { drawMermaid, drawText } = await import("../../flow/draw.ts");
  const declared = topologies[topology].topology.graph;
  const drawing = {
    text: () => drawText(declared),
    mermaid: () => drawMermaid(declared),
    json: () => JSON.stringify(declared, null, 2),
  };
  print(drawing[format]());
};
