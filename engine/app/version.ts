/** Which release of the engine this is. */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** From the package's own manifest, wherever it was installed. */
export const engineVersion = (): string => {
  const manifest = findPackageJSON(import.meta.url);
  if (manifest === undefined) return "unknown";
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version?: string }; // Our own file.
  return version ?? "unknown";
};
