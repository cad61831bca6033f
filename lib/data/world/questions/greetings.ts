/** saludos, identidad: courtesies, and questions about who is answering. */
import type { Family, WorldFiles } from "../document.ts";
import type { Template } from "../template.ts";
import { render } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { Cast, Pools } from "./cast.ts";

const REPLY = ", respuesta";

/** A courtesy and its replies. */
interface Courtesy {
  readonly said: readonly Template[];
  readonly replies: readonly Template[];
}

export async function load({ folder, lexicon }: WorldFiles): Promise<Family[]> {
  const pools = new Pools(lexicon);
  const family = async (name: string, file: string): Promise<Family> => {
    const courtesies = courtesiesOf(await Wordings.read(`${folder}/questions/${file}`));
    return {
      name,
      ask(random) {
        const courtesy = random.pick(courtesies);
        const [said, reply] = [random.pick(courtesy.said), random.pick(courtesy.replies)];
        const bindings = Cast.of(pools, random).bind([...said.names, ...reply.names]);
        const instruction = render(said, { bindings }, random);
        const response = render(reply, { bindings }, random);
        return { family: name, turns: [{ instruction, response }] };
      },
    };
  };
  return [await family("saludos", "greetings.yaml"), await family("identidad", "identity.yaml")];
}

function courtesiesOf(wordings: Wordings): Courtesy[] {
  return wordings.names.filter((name) => !name.endsWith(REPLY))
    .map((name) => ({ said: wordings.of(name), replies: wordings.of(name + REPLY) }));
}
