/** The module of uPlot has its types beside it under another name. */
declare module "uplot/dist/uPlot.esm.js" {
  import uPlot from "uplot";
  // biome-ignore lint/style/noDefaultExport: it is what the module exports
  export default uPlot;
}
