/** Something that the console does not do, or cannot show. */

/** With the status of its answer, and what to do about it. */
export class ConsoleFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly fix: string | null;
  constructor(status: number, code: string, message: string, fix: string | null = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.fix = fix;
  }
}
