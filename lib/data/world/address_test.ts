import { assert, assertEquals } from "@std/assert";
import { mixesAddress } from "./address.ts";
import { load } from "./questions/conversations.ts";
import { files } from "./questions/testing.ts";
import { Random } from "./random.ts";

const mixes = (...said: string[]) =>
  mixesAddress(said.map((instruction) => ({ instruction, response: "Sí." })));

Deno.test("tú and usted are told apart by their verbs and pronouns", () => {
  assert(mixes("Dime dónde vivo.", "¿Me puede decir mi nombre?"));
  assert(mixes("Haga una lista con pan.", "Quita el pan."));
  assert(mixes("¿Qué número te dije?", "Disculpe, ¿y el otro?"));
  assert(mixes("Sume dos, por favor.", "Ahora réstale uno."));
  assertEquals(mixes("Dime dónde vivo.", "¿Sabes quién soy?"), false);
  assertEquals(mixes("Dígame dónde vivo.", "¿Sabe usted quién soy?", "Quite el pan."), false);
  assertEquals(mixes("Ana guarda una llave. ¿Qué guarda Ana?", "Diga quién la guarda."), false);
});

Deno.test("nobody changes from tú to usted in several turns", async () => {
  const family = await load(files);
  let polite = 0;
  for (let i = 0; i < 2000; i++) {
    const said = family.ask(Random.of(9, i)).turns.map(({ instruction }) => instruction).join("\n");
    const tú = /(?<!\p{L})(?:dime|puedes|sabes|podrías|ayúdame)(?!\p{L})/iu.test(said);
    const usted = /(?<!\p{L})(?:dígame|usted|ayúdeme|me puede|me podría)(?!\p{L})/iu.test(said);
    assert(!(tú && usted), said);
    if (usted) polite++;
  }
  assert(polite > 20, `${polite} say usted`);
});
