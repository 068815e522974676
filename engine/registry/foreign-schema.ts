/** A schema that the registry has, for other subjects than those that were asked for: an answer, as "there is none" is one. */
export class ForeignSchema {
  /** What it is registered for. */
  readonly subjects: readonly string[];
  constructor(subjects: readonly string[]) {
    this.subjects = subjects;
  }
}
