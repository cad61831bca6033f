/** Stories, with what the world knows of them and questions about them. */
import type { Document, Kind, WorldFiles } from "../document.ts";
import { Stories } from "../stories.ts";

export async function load(files: WorldFiles): Promise<Kind> {
  const stories = await Stories.read(files);
  return {
    name: "story",
    write(random): Document {
      const story = stories.tell(random);
      return { kind: "story", text: story.text, facts: [], questions: [] };
    },
  };
}
