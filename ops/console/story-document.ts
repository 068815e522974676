/** A story as the page is told it: types alone, for both sides. */
import type { Story } from "../story/story.ts";

/** A story, and what was away while it was read. */
export interface StoryDocument {
  readonly story: Story;
  readonly away: readonly string[];
}
