/** Subjects of a test's own in the real registry, removed afterwards. */
import { randomUUID } from "node:crypto";
import { addressOf } from "../../testing/address.ts";

/** Names that no other test has, and a way to be rid of what is registered under them. */
export interface TestSubjects {
  readonly newTopicName: () => string;
  readonly remove: () => Promise<void>;
}

/** The real registry's URL, from the environment where none is given, and subjects in it. @throws Error where no stack is running. */
export const testSubjects = (address?: string): { readonly url: string; readonly subjects: TestSubjects } => {
  const url = address ?? addressOf("SLUICE_REGISTRY_URL");
  const names: string[] = [];
  const newTopicName = (): string => {
    const name = `test-${randomUUID()}`;
    names.push(name);
    return name;
  };
  const remove = async (): Promise<void> => {
    for (const name of names) {
      // A registry removes for good what it has removed before.
      for (const how of ["", "?permanent=true"])
        await fetch(`${url}/subjects/${name}-value${how}`, { method: "DELETE" });
    }
  };
  return { url, subjects: { newTopicName, remove } };
};
