import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { Discourse } from "./discourse.ts";
import type { Entity, Value } from "./entity.ts";
import { Random } from "./random.ts";
import { compile, fragment, render, type Scope } from "./template.ts";

const a: Entity = { kind: "person", noun: { singular: "niña", gender: "f" }, name: "Inés" };
const b: Entity = { kind: "person", noun: { singular: "abuelo", gender: "m" }, name: "Luis" };
const x: Entity = {
  ...{ kind: "thing", noun: { singular: "llave", gender: "f" }, adjective: "rojo", owner: a },
};
const z: Entity = { kind: "thing", noun: { singular: "zapato", gender: "m" }, number: 2, owner: a };
const m: Entity = { kind: "place", noun: { singular: "mercado", gender: "m" } };
const agua: Value = { singular: "agua", gender: "f" };
const bindings = { a, b, x, z, m, agua, n: 3, one: 1, adj: "contento", t: "San José" };

const told = (source: string, scope: Partial<Scope> = {}, seed = 1) =>
  render(compile(source, "test.yaml:1"), { bindings, ...scope }, new Random(seed));
/** What a template gives over many seeds. */
const variants = (source: string, scope: () => Partial<Scope> = () => ({})) =>
  new Set(Array.from({ length: 60 }, (_, seed) => told(source, scope(), seed)));
const refused = (source: string) => assertThrows(() => compile(source, "frames/x.yaml:7"), UserError).message;

Deno.test("verbs follow the tense of the text by their markers", () => {
  const source =
    "{b} {perder b}, {estar~ b}, {perder^ b}, {volver> b}, quiere que {venir? b}, {hay}, {hay~}.";
  assertEquals(
    told(source),
    "Luis perdió, estaba, había perdido, volvería, quiere que viniera, hubo, había.",
  );
  assertEquals(
    told(source, { tense: "present" }),
    "Luis pierde, está, ha perdido, volverá, quiere que venga, hay, hay.",
  );
});

Deno.test("a verb's form can be given outright, with pronouns attached", () => {
  assertEquals(
    told("{ver.preterite.2}, {ver.imperative.2}, {seguir.gerund}, {buscar+x.lo}, {dar+b.le+x.lo}."),
    "Viste, ve, siguiendo, buscarla, dársela.",
  );
  assertEquals(
    told("{decir.imperative.2+b.le}; {dar.gerund+x.lo}; {perder.participle/z}; {lavarse.infinitive a}."),
    "Dile; dándola; perdidos; lavarse.",
  );
});

Deno.test("a phrase that is bound to a name is conjugated, with the pronoun of its person", () => {
  const scope = { bindings: { ...bindings, plan: "lavar los platos", nap: "dormirse tarde" } };
  assertEquals(
    told("{a!} {*plan a}; {b!} quiere que {a!} {*nap? a}; {a+b} {*plan~ a+b}; {*nap.preterite.1}.", scope),
    "Inés lavó los platos; Luis quiere que Inés se durmiera tarde; Inés y Luis lavaban los platos; me dormí tarde.",
  );
  assertEquals(
    told(
      "{*plan.gerund}, {*nap.gerund.1}, {*nap.infinitive.2}, {*nap.imperative.2}; ha {*plan.participle}.",
      scope,
    ),
    "Lavando los platos, durmiéndome tarde, dormirte tarde, duérmete tarde; ha lavado los platos.",
  );
  assertEquals(
    told(
      "{*nap.conditional-perfect b}, {*nap.pluperfect-subjunctive.4}, {*plan.perfect-subjunctive a+b}.",
      scope,
    ),
    "Se habría dormido tarde, nos hubiéramos dormido tarde, hayan lavado los platos.",
  );
  assertThrows(() => told("{*t a}", scope), UserError, 'needs an infinitive, and "t" is "San José"');
});

Deno.test("who speaks twice in a row goes on, and is not taken for another", () => {
  for (let seed = 0; seed < 40; seed++) {
    const text = told('{say a: "Ya voy."} {say a: "Espérame."}', {}, seed);
    assert(/\n(?:Y|Luego|Después) (?:añadió|agregó|dijo):\n—Espérame\.$/.test(text), text);
    const between = told('{say a: "Ya voy."} {b!} {reír b}. {say a: "Espérame."}', {}, seed);
    assert(!/(?:Y|Luego|Después) (?:añadió|agregó|dijo):/.test(between), between);
    const other = told('{say a: "Ya voy."} {say b: "Espérame."}', {}, seed);
    assert(!/(?:Y|Luego|Después) (?:añadió|agregó|dijo):/.test(other), other);
  }
});

Deno.test("no three sentences in a row begin with one name", () => {
  for (let seed = 0; seed < 100; seed++) {
    const text = told(
      "{a} {reír a}. {a} {cantar a}. {a} {correr a}. {a} {saltar a}. {a} {dormir a}.",
      {},
      seed,
    );
    assert(!/Inés \p{L}+\. Inés \p{L}+\. Inés/u.test(text), text);
  }
});

Deno.test("whom a preposition governs is told, though a verb of that person follows", () => {
  for (let seed = 0; seed < 30; seed++) {
    assertStringIncludes(
      told("{b!} {cantar b}. Le diré a {b} que {venir.subjunctive b}.", {}, seed),
      "a Luis que venga",
    );
  }
});

Deno.test("an article stands alone before a relative clause, and contracts", () => {
  assertEquals(
    told(
      "{el m} en {m.el} que, de {m.el} que, a {m.el} que; {el z} de {z.el} que, a {x.el} que; {x.el} de {a.name}.",
    ),
    "El mercado en el que, del que, al que; los zapatos de los que, a la que; la de Inés.",
  );
});

Deno.test("a number in words agrees with the noun that the wording has after it", () => {
  const counted = (source: string, n: number) => told(source, { bindings: { ...bindings, n } });
  assertEquals(counted("Tiene {n} años.", 41), "Tiene cuarenta y un años.");
  for (const unit of ["días", "meses", "metros", "minutos", "problemas", "escalones"]) {
    assertEquals(counted(`Son {n} ${unit}.`, 31), `Son treinta y un ${unit}.`);
  }
  for (const unit of ["horas", "semanas", "veces", "flores", "lecciones", "noches", "monedas"]) {
    assertEquals(counted(`Son {n} ${unit}.`, 21), `Son veintiuna ${unit}.`);
  }
  assertEquals(
    counted("Son {n} (monedas|sillas).", 231).split(" ", 5).join(" "),
    "Son doscientas treinta y una",
  );
  assertEquals(counted("Cuenta {n} y {n} más, o {n}.", 21), "Cuenta veintiuno y veintiuno más, o veintiuno.");
});

Deno.test("determiners, adjectives and numbers agree, and articles contract", () => {
  assertEquals(
    told("De {el m} a {el m}, del {m.bare}, {del m}, {al m}; {el agua} y {los agua}, {este agua}."),
    "Del mercado al mercado, del mercado, del mercado, al mercado; el agua y las aguas, esta agua.",
  );
  assertEquals(
    told(
      "{Un x!}, {cuántos x}, {ningún agua}, {n x}, {one z}, {n.digits}; {contento/a}, {adj/z}, {lindo/a+b}.",
    ),
    "Una llave roja, cuántas llaves, ningún agua, tres llaves, un zapato, 3; contenta, contentos, lindos.",
  );
  assertEquals(
    told("{sus x}, {mi z}, {otro x}, {t}."),
    "Sus llaves rojas, mis zapatos, otra llave, San José.",
  );
});

Deno.test("two subjects take the plural, and y becomes e before i", () => {
  assertEquals(told("{b+a} {ir a+b}. {b!} y {a!} {reír~ a+b}."), "Luis e Inés fueron. Luis e Inés reían.");
  assertEquals(told("{a+b} {ir a+b}.", { narrator: a }), "Luis y yo fuimos.");
});

Deno.test("who narrates says yo where the verb could be another's", () => {
  for (let i = 0; i < 20; i++) {
    assertEquals(
      told("{b!} {remar~ b}, y {a} {hacer~ a} de tapón.", { narrator: a }, i),
      "Luis remaba, y yo hacía de tapón.",
    );
  }
});

Deno.test("alternatives and optional parts leave spaces and commas in order", () => {
  assertEquals(
    variants("(Uno|Otro) vino[, tarde], y {b!} {reír b}[ mucho]."),
    new Set(
      ["Uno", "Otro"].flatMap((one) =>
        ["", ", tarde"].flatMap((late) =>
          ["", " mucho"].map((much) => `${one} vino${late}, y Luis rio${much}.`)
        )
      ),
    ),
  );
  assertEquals(variants("Fin[, por fin|]."), new Set(["Fin.", "Fin, por fin."]));
  assertEquals(told("\\{a\\} \\(b\\) \\[c\\] d\\|e."), "{a} (b) [c] d|e.");
});

Deno.test("a sentence begins with a capital, and so does speech", () => {
  assertEquals(
    told("¿{tener a} frío? sí. {el x} no.\n—{ven.x} —dijo. luego: «¡ay!».".replace("{ven.x}", "ven")),
    "¿Tuvo frío? Sí. La llave roja no.\n—Ven —dijo. Luego: «¡Ay!».",
  );
  assertEquals(told("{b} {gritar b} «¡ay!» y {volver b}."), "Luis gritó «¡ay!» y volvió.");
  assertEquals(fragment(compile("{un x} vieja", "f:1"), { bindings }, new Random(1)), "una llave roja vieja");
});

Deno.test("the subject of the sentence before is left out or becomes a pronoun, unless another stands between", () => {
  const after = (first: string) => variants(`${first} {a} {reír a}.`, () => ({ discourse: new Discourse() }));
  assertEquals(after("{a} {volver a}."), new Set(["Inés volvió. Inés rio.", "Inés volvió. Rio."]));
  assertEquals(after("{b} {ver a} a {b}.").has("Luis vio a Luis. Rio."), false);
  assertEquals(
    after("{b} {saludar b} a {a}."),
    new Set(["Luis saludó a Inés. Inés rio.", "Luis saludó a Inés. Ella rio."]),
  );
  assertEquals(after("{b} {cantar b}."), new Set(["Luis cantó. Inés rio."]));
});

Deno.test("the adjective comes at first mention, later now and then", () => {
  const all = variants("{a} {ver a} {un x}. {El x} {brillar~ x}.", () => ({ discourse: new Discourse() }));
  assertEquals(
    all,
    new Set([
      "Inés vio una llave roja. La llave brillaba.",
      "Inés vio una llave roja. La llave roja brillaba.",
    ]),
  );
});

Deno.test("a text told in the first person has its pronouns, its verbs and its owner", () => {
  const scope = { narrator: a };
  const one = (source: string) => variants(source, () => scope);
  assert(one("{a} {perder a} {su x!}.").has("Perdí mi llave roja."));
  assert(one("Entonces {a} se {dar a} cuenta.").has("Entonces me di cuenta."));
  assertEquals(one("{b} le {dar b} {un x!} a {a!}."), new Set(["Luis me dio una llave roja."]));
  assertEquals(one("{b} {ir b} con {a} y {hablar b} de {a}."), new Set(["Luis fue conmigo y habló de mí."]));
  assertEquals(one("Se {apagar.6 _} las luces."), new Set(["Se apagaron las luces."]));
  assertEquals(one("{b} {a.lo} {ver b} sin {irse.infinitive a}."), new Set(["Luis me vio sin irme."]));
  // Speech keeps its own persons.
  assertEquals(one("—{a}, ven —{decir b} {b!}."), new Set(["—Inés, ven —dijo Luis."]));
});

Deno.test("a wording that speaks of a third person outright is not told in the first", () => {
  const may = (source: string, name = "a") => compile(source, "f:1").narratedBy(name);
  assertEquals(may("{a} {perder a} {su x}."), true);
  assertEquals(may("{a} {perder a} su llave."), false);
  assertEquals(may("{a} {querer~ a} irse."), false);
  assertEquals(may("De pronto se {ir _} la luz. {a} {gritar a}."), true);
  assertEquals(may("{b} la {abrazar b}.", "a"), false);
  assertEquals(may("{b} la {abrazar b}.", "b"), true);
  assertEquals(may("{b} {ver b} a {a}.", "a"), false);
  assertEquals(may("{b} le {dar b} {un x} a {a}.", "a"), true);
  assertEquals(may("{El a} {reír a}.", "a"), false);
  assertEquals(may("—Es su llave —{decir a} {a}.", "a"), true);
});

Deno.test("direct speech is set with dashes or guillemets, and its verb fits it", () => {
  const dashes = variants('{say a: "¿{haber.present.2} visto {mi x}?"} Luego {reír a}.');
  assert(dashes.has("—¿Has visto mi llave roja? —preguntó Inés.\nLuego rio."), [...dashes].join("\n"));
  assert(dashes.has("Inés preguntó:\n—¿Has visto mi llave roja?\nLuego rio."), [...dashes].join("\n"));
  const split = variants('{say b: "no. búsca{x.lo} en {el m}."}');
  assert(split.has("—No —dijo Luis—. Búscala en el mercado."), [...split].join("\n"));
  const asked = variants('{say b: "no sé. ¿y tú?"}');
  assert(asked.has("—No sé —dijo Luis—. ¿Y tú?") && asked.has("—No sé. ¿Y tú? —preguntó Luis."));
  const quoted = variants('{say b: "ya voy."}', () => ({ quotes: "guillemets" }));
  assert(quoted.has("Luis dijo: «Ya voy».") && quoted.has("«Ya voy», dijo Luis."), [...quoted].join("\n"));
  assert(variants('{say a: "¡ay!"}', () => ({ narrator: a })).has("—¡Ay! —exclamé."));
});

Deno.test("a template names its bindings", () => {
  assertEquals(
    compile('{a} {perder^ b} {contento/c} {n x}[{el m}|{buscar+y.lo}]{say d: "{e}"} {hay~}', "f:1").names,
    new Set(["a", "b", "c", "n", "x", "m", "y", "e", "d"]),
  );
});

Deno.test("a fault in a template names file, line, what is wrong and what to do", () => {
  assertStringIncludes(refused("{a"), 'frames/x.yaml:7: "{" at character 1 is not closed');
  assertStringIncludes(refused("(a|b"), '"(" at character 1 is not closed');
  assertStringIncludes(refused("uno (dos) tres"), '(dos) has no "|"');
  assertStringIncludes(refused("uno]"), '"]" closes or separates nothing');
  assertStringIncludes(refused("{perdr~ a}"), '"perdr~" is no infinitive, determiner or number');
  assertStringIncludes(refused("{a.color}"), '".color" is none of he, el, lo, le');
  assertStringIncludes(refused("{ver.pasado a}"), '".pasado" is none of present');
  assertStringIncludes(refused("{el gran x}"), "has more than two parts");
  assertStringIncludes(refused("{}"), "a slot is empty");
  assertStringIncludes(refused('{say a: "hola'), 'is not closed by "}');
  const missing = assertThrows(() => told("{q}"), UserError).message;
  assertEquals(missing, 'test.yaml:1: nothing is bound to "q"');
  assertStringIncludes(assertThrows(() => told("{el n}"), UserError).message, "needs a noun");
});

Deno.test("a template gives the same text for the same seed", () => {
  const source = "(Uno|Dos|Tres) {ver a}[ {el x}][ {el m}][, ya].";
  for (let seed = 0; seed < 20; seed++) assertEquals(told(source, {}, seed), told(source, {}, seed));
});

Deno.test("whom a clause or the sentence before was about becomes a pronoun", () => {
  const clauses = { c: { template: compile("{b} {cuidar^ b} a {a}", "f:1"), bindings } };
  const told = (source: string) => variants(source, () => ({ clauses, discourse: new Discourse() }));
  assertEquals(told("{a} {reír a} porque {c}."), new Set(["Inés rio porque Luis la había cuidado."]));
  assertEquals(
    told("{a} {reír a}. {b!} {cuidar b} a {a}."),
    new Set(["Inés rio. Luis cuidó a Inés.", "Inés rio. Luis la cuidó."]),
  );
  assertEquals(
    told("{a} {reír a}. {b!} le {dar b} {el m} a {a}."),
    new Set(["Inés rio. Luis le dio el mercado a Inés.", "Inés rio. Luis le dio el mercado."]),
  );
});
