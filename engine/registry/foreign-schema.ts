/** A schema that the registry has, for other subjects than those that were asked for: an answer, as "there is none" is one. */
export class ForeignSchema {
  /** What it is registered for. */
  readonly subjects: readonly string[];
  constructor(subjects: readonly string[]) {
    this.subjects = subjects;
  }
}

/** Subjects that are named in a message: whoever registers one schema for thousands must not fill logs and letters. */
const subjectsSaid = 5;

/** What is said of a schema that a topic's records cannot have; `foreign`: what it is registered for, where it is not there at all undefined. */
export const missingSchema = (
  id: number,
  foreign: readonly string[] | undefined,
): { readonly code: string; readonly why: string } => {
  if (foreign === undefined) return { code: "UNKNOWN_SCHEMA", why: `the registry has no schema ${id}` };
  const more = foreign.length > subjectsSaid ? ` and ${foreign.length - subjectsSaid} more` : "";
  const others = `${foreign.slice(0, subjectsSaid).join(", ")}${more}`;
  return { code: "FOREIGN_SCHEMA", why: `schema ${id} is registered for ${others}, and not for this topic` };
};
