/** `sluice topology`: what is declared, drawn and applied. */
import { Command, Option } from "commander";
import { jsonDocument, note, print, printJson } from "../cli.ts";

/** The command with its verbs. */
export const topologyCommand = (): Command => {
  const topology = new Command("topology").description("Shows the declared topology, and makes what it needs exist.");
  topology.addCommand(
    new Command("apply")
      .description("create the tables, topics and schemas that are missing; changes nothing that is there")
      .option("--json", "print one JSON document")
      .action(apply),
  );
  topology.addCommand(
    new Command("graph")
      .description("draw the topology")
      .addOption(new Option("--format <format>", "as what").choices(["text", "mermaid", "json"]).default("text"))
      .action(graph),
  );
  return topology;
};

const apply = async ({ json }: { readonly json?: boolean }): Promise<void> => {
  const [{ applyCoupons }, { loadConfig }] = await Promise.all([import("../apply.ts"), import("../process.ts")]);
  const applied = await applyCoupons(await loadConfig());
  if (json) return printJson(jsonDocument("topology.apply", applied));
  note(`migrations: ${applied.migrations.join(", ") || "none were missing"}`);
  note(`topics:     ${applied.topics.join(", ")}`);
  note(`subjects:   ${applied.subjects.join(", ")}`);
};

const graph = async ({ format }: { readonly format: "text" | "mermaid" | "json" }): Promise<void> => {
  const [{ couponIssuing }, { drawMermaid, drawText }] = await Promise.all([
    import("../../topology/coupon-issuing.ts"),
    import("../../topology/draw.ts"),
  ]);
  const drawing = {
    text: () => drawText(couponIssuing.graph),
    mermaid: () => drawMermaid(couponIssuing.graph),
    json: () => JSON.stringify(couponIssuing.graph, null, 2),
  };
  print(drawing[format]());
};
