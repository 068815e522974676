/** llms.txt, made from the list of documents: what this is and where what is written, for those who read by machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";

const head = `# sluice

> First-come-first-served coupons, and what follows a payment, on Kafka: TypeScript topologies whose outcomes are all handled or do not
> compile, decided in rounds, with the database as the truth. \`npm start\` shows it and proves it.

- [README](README.md): what it is, and how it is started
- [The topology coupon-issuing](topology/coupon-issuing.ts): the product as one value
- [The application](sluice.config.ts): topologies, settings, tables, checks and commands
- [CONTRIBUTING](CONTRIBUTING.md): folders, and what a change has
`;

/** The text. Links are from the repository's root. */
export const llmsText = (): string => {
  const list = readFileSync(join(repositoryRoot, "docs", "README.md"), "utf8");
  const sections = list.split(/^## /m).slice(1);
  const lines = sections.flatMap((section) => {
    const [title = ""] = section.split("\n");
    const rows = [...section.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\) \| (.*?) \|$/gm)];
    return [
      "",
      `## ${title}`,
      "",
      ...rows.map(([, name, path = "", about = ""]) => `- [${name}](${fromRoot(path)}): ${aboutFromRoot(about)}`),
    ];
  });
  return `${head}${lines.join("\n")}\n`;
};

const fromRoot = (path: string): string => (path.startsWith("../") ? path.slice(3) : `docs/${path}`);
const aboutFromRoot = (about: string): string =>
  about.replaceAll(/\]\(([^)]+)\)/g, (_, path: string) => `](${fromRoot(path)})`);
