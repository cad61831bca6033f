/**
 * Headings above a document's questions: whose notebook they are from, where and when they were read. There are only
 * about a hundred wordings of questions, so without headings many of tens of thousands of documents would begin alike.
 */
import { Discourse } from "./discourse.ts";
import type { WorldFiles } from "./document.ts";
import { commonRoles, Draws, type Roles } from "./kinds/draws.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";
import { scopeOf } from "./scope.ts";
import { Wordings } from "./wordings.ts";

export class Headings {
  private constructor(
    private readonly wordings: Wordings,
    private readonly roles: Roles,
    private readonly lexicon: Lexicon,
  ) {}

  /** @throws {UserError} naming file and line */
  static async read({ folder, lexicon }: WorldFiles): Promise<Headings> {
    const wordings = await Wordings.read(`${folder}/questions/headings.yaml`);
    return new Headings(wordings, commonRoles(lexicon), lexicon);
  }

  /** A line of its own. */
  draw(random: Random): string {
    const { scope } = new Draws(this.lexicon, this.roles, random);
    const told = scopeOf({ ...scope, tense: "present", discourse: new Discourse() });
    return this.wordings.say("heading", told, random);
  }
}
