/** Sentences with a certain ending: by the word files, by what was said before, or by common knowledge. */
import type { Family, WorldFiles } from "../document.ts";
import type { Value } from "../entity.ts";
import { contract } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import { fragment } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { endingsOf } from "./endings.ts";
import { seriesTasks } from "./series.ts";
import { type Bindings, familyOf, type Task } from "./tasks.ts";

/** Separates the beginning of a sentence from its end. */
const CUT = " … ";

/** Renders one of the sentences under a name, and splits it at the cut. */
function cut(sentences: Wordings, name: string, scope: Record<string, Value>, random: Random): Bindings {
  const sentence = contract(fragment(random.pick(sentences.of(name)), { bindings: scope }, random));
  const at = sentence.indexOf(CUT);
  return { ...scope, s: sentence.slice(0, at), r: sentence.slice(at + CUT.length) };
}

export async function tasksOf(files: WorldFiles): Promise<readonly Task[]> {
  const sentences = await Wordings.read(`${files.folder}/questions/endings.yaml`);
  const endings = endingsOf(files.lexicon, new Set(sentences.names)).map(({ name, weight, draw }): Task => ({
    ...{ name, weight, says: "complete", formed: true },
    draw: (random) => {
      const ending = draw(random);
      if ("named" in ending) return cut(sentences, ending.named, ending.scope, random);
      const [s, r] = ending.cut;
      return { ...ending.scope, s, r };
    },
  }));
  return [...endings, ...seriesTasks];
}

export async function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "completar", file: "completion", tasks: await tasksOf(files) });
}
