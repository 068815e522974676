/** The one page of HTML: the browser makes every page of it. Pure. */
import { escapeXml } from "../../svg/element.ts";

/** The page that loads `script` and `styles`, by their addresses. */
export const shellOf = ({
  app,
  script,
  styles,
  icon,
}: {
  readonly app: string;
  readonly script: string;
  readonly styles: readonly string[];
  readonly icon: string;
}): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(app)} console</title>
<link rel="icon" href="${icon}">
${styles.map((path) => `<link rel="stylesheet" href="${path}">`).join("\n")}
<script type="module" src="${script}"></script>
</head>
<body>
<div id="console"><noscript>The console needs JavaScript.</noscript></div>
</body>
</html>
`;
