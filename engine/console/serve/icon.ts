/** The sign of the console in a browser's tab: a gate, and what it lets through. */
import { element } from "../../svg/element.ts";
import { assetOf } from "./modules.ts";

/** 32 px square. */
export const icon = assetOf(
  "icon.svg",
  "image/svg+xml",
  element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: "0 0 32 32" },
    element("rect", { width: 32, height: 32, rx: 7, fill: "#0969da" }),
    element("path", {
      d: "M8 8 H24 M16 8 V15 M8 18 H24 M8 24 H17",
      stroke: "#ffffff",
      "stroke-width": 3,
      "stroke-linecap": "round",
      fill: "none",
    }),
  ),
);
