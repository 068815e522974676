/**
 * The modules that a browser loads, found by following their imports from where they begin. There is no build step: types are
 * stripped as Node strips them, and each import is given the address under which its file is served. Nothing else is served.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { basename } from "node:path";

/** A file as it is served. Its address changes with its content, so it may be kept for ever. */
export interface Asset {
  readonly path: string;
  readonly type: "text/javascript" | "text/css" | "image/svg+xml";
  readonly body: string;
}

/** An asset of this content. */
export const assetOf = (name: string, type: Asset["type"], body: string): Asset => {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  return { path: `/assets/${hash}/${name}`, type, body };
};

/** Modules of which one imports another that imports it; and more of them than anybody writes for a page. */
const mostModules = 200;

/** An import, an export from elsewhere, or an import for its effect, also in code without spaces. */
const specifier = /\b(from|import)(\s*)(["'])([^"'\n]+)\3/g;

/**
 * The modules that `entries` lead to, by the URL of each file; of a package, what Node's own resolution finds.
 * @throws Error where an import leads nowhere, or modules import each other in a circle
 */
export const collectModules = async (entries: readonly URL[]): Promise<ReadonlyMap<string, Asset>> => {
  const assets = new Map<string, Asset>();
  const opening = new Set<string>();
  const add = async (url: string): Promise<Asset> => {
    const known = assets.get(url);
    if (known !== undefined) return known;
    if (opening.has(url)) throw new Error(`modules import each other in a circle at ${url}`);
    if (opening.size + assets.size > mostModules) throw new Error(`more than ${mostModules} modules`);
    opening.add(url);
    const source = await readSource(new URL(url));
    const found = new Map<string, string>();
    for (const [, , , , name = ""] of source.matchAll(specifier)) {
      const inner = await add(resolved(name, url));
      found.set(name, inner.path);
    }
    const body = source.replaceAll(specifier, (_, word, blank, quote, name: string) => {
      return `${word}${blank}${quote}${found.get(name)}${quote}`;
    });
    const asset = assetOf(basename(url).replace(/\.(ts|mjs)$/, ".js"), "text/javascript", body);
    opening.delete(url);
    assets.set(url, asset);
    return asset;
  };
  for (const entry of entries) await add(entry.href);
  return assets;
};

/** An import of a module: beside it, or of a package as this engine or the module's own package has it. */
const resolved = (name: string, from: string): string =>
  name.startsWith(".") ? new URL(name, from).href : import.meta.resolve(name);

const readSource = async (url: URL): Promise<string> => {
  const text = await readFile(url, "utf8");
  const source = url.pathname.endsWith(".ts") ? quietly(() => stripTypeScriptTypes(text)) : text;
  // A map of it is not served.
  return source.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
};

/** Node calls it experimental with a warning on every terminal; its release is fixed here, and what is published has no types. */
const quietly = (strip: () => string): string => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return strip();
  } finally {
    process.emitWarning = emitWarning;
  }
};
