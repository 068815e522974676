/** Reading a body by its schema: every wrong field becomes one line of the problem. */
import type { z } from "zod";
import type { FieldError } from "../problems/problems.ts";
import { escapePointer, validation } from "../problems/validation.ts";

/** What the body says. @throws Problem `validation`, naming every wrong field. */
export const readBody = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw validation(read.error.issues.flatMap(fieldErrorsOf));
};

const fieldErrorsOf = (issue: z.core.$ZodIssue): readonly FieldError[] => {
  const at = (keys: readonly PropertyKey[]) => keys.map((key) => `/${escapePointer(String(key))}`).join("") || "body";
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: at([...issue.path, key]), message: "is not known" }));
  }
  return [{ field: at(issue.path), message: issue.message }];
};
