/** Every link of every page leads to a file that there is, and to a heading that this has. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { allPages, anchorsOf, linksOf } from "../../testing/documents.ts";

const pages = allPages();
const anchors = new Map(pages.map((page) => [page.file, anchorsOf(page)]));

/** What is wrong with a link of a page; undefined where it leads somewhere. */
const wrongWith = (file: string, link: string): string | undefined => {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : normalize(join(dirname(file), path));
  if (target.startsWith("..") || !existsSync(join(repositoryRoot, target))) return "there is no such file";
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchors.get(target)?.has(anchor) === true ? undefined : "there is no such heading";
};

test("documents: every link leads to a file and a heading that there are", () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => ({ file: page.file, link })));
  const broken = links.flatMap(({ file, link }) => {
    const wrong = wrongWith(file, link);
    return wrong === undefined ? [] : [`${file}: ${link}: ${wrong}`];
  });
  assert.deepEqual(broken, []);
  assert.ok(links.length > 100, `${links.length} links`);
});

test("documents: every page that the code names is there, with its heading", () => {
  const sources = globSync(["**/*.{ts,js,json,yaml,yml}", "Dockerfile"], {
    cwd: repositoryRoot,
    exclude: ["**/node_modules/**", "engine/dist/**", "package-lock.json", "test/{testing,whole}/**"],
  });
  const named = sources.flatMap((file) =>
    [...readFileSync(join(repositoryRoot, file), "utf8").matchAll(/\bdocs\/[\w./-]+\.md(?:#[\w-]+)?/g)].map(
      ([page]) => ({
        file,
        page,
      }),
    ),
  );
  const broken = named.flatMap(({ file, page }) => {
    const wrong = wrongWith("README.md", page);
    return wrong === undefined ? [] : [`${file}: ${page}: ${wrong}`];
  });
  assert.deepEqual(broken, []);
  assert.ok(named.length > 50, `${named.length} pages named`);
});

test("documents: a heading is linked to as GitHub names it", () => {
  const text =
    "# The `/ready` table, in short\n\n## Same\n\n## Same\n\n### DATABASE_AWAY\n\n## 값과 열쇠\n\n```sh\n# no heading\n```\n";
  assert.deepEqual(
    [...anchorsOf({ file: "", text })],
    ["the-ready-table-in-short", "same", "same-1", "database_away", "값과-열쇠"],
  );
});
