/** Reading what a client sent, before anything is known about its shape. */

/** The properties of a value of unknown shape; none where it is no object. */
export const fieldsOf = (value: unknown): { readonly [field: string]: unknown } =>
  // Any object may be read as unknown properties.
  typeof value === "object" && value !== null ? (value as { readonly [field: string]: unknown }) : {};
