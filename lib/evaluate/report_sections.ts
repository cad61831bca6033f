/** The report's sections. A section is empty if no checkpoint has figures for it. */
import { html } from "hono/html";
import { type Both, type Html, image, type Picture, picture, say, table } from "../page.ts";
import { plotCurves } from "../plot.ts";
import { isRight } from "./pairs.ts";
import { type CheckpointReport, fixed, percent } from "./report_checkpoint.ts";
import type { JudgedStory, StoryScore } from "./stories.ts";

/** Checkpoints by name. */
type Entries = readonly (readonly [name: string, CheckpointReport])[];

/** The loss by position of all language models, in one picture. */
export function positionSection(entries: Entries): Html | "" {
  const curves = entries.flatMap(([name, { positions = [] }]) => {
    return positions.length === 0
      ? []
      : [{ name, points: positions.map((p) => [p.position, p.loss] as const) }];
  });
  if (curves.length === 0) return "";
  const title = {
    en: "loss by position, up to twice the context",
    es: "pérdida según la posición, hasta el doble del contexto",
  };
  const drawn = picture(title, (word) =>
    plotCurves(
      word(title),
      word({ en: "nats per token", es: "nats por token" }),
      curves,
      word({ en: "position", es: "posición" }),
    ));
  return html`<h2>${say("Position", "Posición")}</h2>
    <p>${
    say(
      "The more a model has read, the better it predicts; beyond the context that it was trained with, only as far as its positions reach: learned ones end there.",
      "Cuanto más ha leído un modelo, mejor predice; más allá del contexto con el que se entrenó, solo hasta donde alcanzan sus posiciones: las aprendidas terminan ahí.",
    )
  }</p>
    ${image(drawn)}`;
}

export function familySection(entries: Entries): Html | "" {
  const asked = entries.filter(([, { instruct }]) => instruct);
  if (asked.length === 0) return "";
  const names = [...new Set(asked.flatMap(([, { instruct }]) => Object.keys(instruct!.families)))];
  const cells = (name: string) =>
    asked.flatMap(([, { instruct }]) => {
      const own = instruct!.families[name];
      return own ? [percent(own.exact), percent(own.contains), fixed(3)(own.chrf)] : ["–", "–", "–"];
    });
  const questions = (name: string) => String(asked[0][1].instruct!.families[name]?.questions ?? "–");
  return html`<h2>${say("Questions by family", "Preguntas por familia")}</h2>
    <p>${
    say(
      "None of these questions was trained on. Temperature 0, no rules besides the model.",
      "Con ninguna de estas preguntas se entrenó. Temperatura 0, sin más reglas que el modelo.",
    )
  }</p>
    ${
    table(
      [
        say("family", "familia"),
        say("questions", "preguntas"),
        ...asked.flatMap(([name]) => [
          say(`${name}: exact`, `${name}: exactas`),
          say(`${name}: contains`, `${name}: contienen`),
          `${name}: chrF`,
        ]),
      ],
      names.map((name) => [name, questions(name), ...cells(name)]),
    )
  }
    ${
    asked.map(([name, { instruct }]) =>
      html`<details><summary>${say(`Every answer of ${name}`, `Cada respuesta de ${name}`)}</summary>${
        table(
          [say("question", "pregunta"), say("expected", "se esperaba"), say("answer", "respuesta")],
          instruct!.answers.map(({ past = [], instruction, response, contains, answer }) => [
            [...past.flatMap((turn) => [turn.instruction, turn.response]), instruction].join(" / "),
            response ?? contains?.flat().join(", ") ?? "–",
            answer,
          ]),
        )
      }</details>`
    )
  }`;
}

export function pairSection(entries: Entries): Html | "" {
  const scored = entries.filter(([, { pairs }]) => pairs);
  if (scored.length === 0) return "";
  const phenomena = Object.entries(scored[0][1].pairs!.phenomena);
  return html`<h2>${say("Minimal pairs", "Pares mínimos")}</h2>
    <p>${
    say(
      "Two sentences that differ in grammar alone: the share of pairs whose right sentence the model finds more probable. Guessing gets half.",
      "Dos oraciones que solo difieren en la gramática: en qué parte de los pares la correcta es la más probable para el modelo. Al azar se acierta la mitad.",
    )
  }</p>
    ${
    table(
      [say("phenomenon", "fenómeno"), say("pairs", "pares"), ...scored.map(([name]) => name)],
      phenomena.map(([phenomenon, { pairs: n }]) => [
        phenomenon,
        String(n),
        ...scored.map(([, { pairs }]) => percent(pairs!.phenomena[phenomenon].right)),
      ]),
    )
  }
    ${
    scored.map(([name, { pairs }]) =>
      html`<details><summary>${
        say(`Every pair that ${name} gets wrong`, `Cada par que ${name} falla`)
      }</summary>${
        table(
          [
            say("phenomenon", "fenómeno"),
            say("right, nats", "correcta, nats"),
            say("wrong, nats", "incorrecta, nats"),
          ],
          pairs!.scored.filter((pair) => !isRight(pair)).map((pair) => [
            pair.phenomenon,
            `${pair.good}  ${fixed(2)(pair.good_logprob)}`,
            `${pair.bad}  ${fixed(2)(pair.bad_logprob)}`,
          ]),
        )
      }</details>`
    )
  }`;
}

export function storySection(entries: Entries): Html | "" {
  const told = entries.filter(([, { stories }]) => stories);
  if (told.length === 0) return "";
  return html`<h2>${say("Stories", "Cuentos")}</h2>
    <p>${
    say(
      "Beginnings that the model goes on with. Programs cannot tell whether a story is good, only some of what makes one fall apart.",
      "Comienzos que el modelo continúa. Un programa no puede decir si un cuento es bueno, solo algo de lo que lo echa a perder.",
    )
  }</p>
    ${
    table(
      [say("figure", "cifra"), ...told.map(([name]) => name)],
      STORY_FIGURES.map(([figure, write]) => [figure, ...told.map(([, { stories }]) => write(stories!.all))]),
    )
  }
    ${
    told.map(([name, { stories }]) =>
      html`<details><summary>${say(`Every story of ${name}`, `Cada cuento de ${name}`)}</summary>${
        table(
          [say("beginning", "comienzo"), say("continuation", "continuación"), say("found", "hallado")],
          stories!.judged.map((story) => [story.beginning, story.text, findings(story)]),
        )
      }</details>`
    )
  }`;
}

const STORY_FIGURES: readonly [Html, (score: StoryScore) => string][] = [
  [
    say("hold together: nothing of the following is wrong", "cuadran: nada de lo siguiente falla"),
    ({ coherent }) => percent(coherent),
  ],
  [
    say(
      "no person turns up unintroduced, or changes gender",
      "nadie aparece sin presentarse ni cambia de género",
    ),
    ({ persons }) => percent(persons),
  ],
  [
    say("a person of the beginning is named", "se nombra a alguien del comienzo"),
    ({ named }) => percent(named),
  ],
  [
    say(
      "articles and adjectives that agree with their noun",
      "artículos y adjetivos que concuerdan con su sustantivo",
    ),
    ({ agreement }) => percent(agreement),
  ],
  [say("repeated 4-grams", "4-gramas repetidos"), ({ repetition }) => percent(repetition)],
  [
    say("ended by the model, with a sentence", "los termina el modelo, con una oración"),
    ({ ended }) => percent(ended),
  ],
  [say("words", "palabras"), ({ words }) => fixed(1)(words)],
];

function findings(story: JudgedStory): Html {
  const { strangers, misgendered, disagreements, ended, named, persons, repetition } = story;
  const repeated = percent(repetition), unknown = strangers.join(", ");
  const found: readonly Both[] = [
    ...unknown ? [{ en: `not introduced: ${unknown}`, es: `sin presentar: ${unknown}` }] : [],
    ...[...misgendered, ...disagreements].map((phrase) => ({
      en: `does not agree: ${phrase}`,
      es: `no concuerda: ${phrase}`,
    })),
    ...named || Object.keys(persons).length === 0
      ? []
      : [{ en: "names none of its persons", es: "no nombra a nadie del comienzo" }],
    ...repetition > 0 ? [{ en: `${repeated} repeated`, es: `${repeated} repetido` }] : [],
    ...ended ? [] : [{ en: "no end", es: "sin final" }],
  ];
  return say(found.map(({ en }) => en).join("; "), found.map(({ es }) => es).join("; "));
}

export function labelSection(entries: Entries, matrices: readonly Picture[]): Html | "" {
  const classifiers = entries.filter(([, { classify }]) => classify);
  if (classifiers.length === 0) return "";
  return html`<h2>${say("Labels", "Etiquetas")}</h2>${matrices.map(image)}${
    classifiers.map(([name, { classify }]) =>
      table(
        [
          say(`${name}: label`, `${name}: etiqueta`),
          say("texts", "textos"),
          say("precision", "precisión"),
          say("recall", "exhaustividad"),
          "F1",
        ],
        Object.entries(classify!.labels).map(([label, { texts, precision, recall, f1 }]) => [
          label,
          String(texts),
          percent(precision),
          percent(recall),
          fixed(3)(f1),
        ]),
      )
    )
  }`;
}

export function sampleSection(entries: Entries): Html | "" {
  const drawn = entries.filter(([, { samples }]) => samples?.length);
  if (drawn.length === 0) return "";
  const settings = drawn[0][1].samples!;
  return html`<h2>${say("Samples", "Muestras")}</h2>${
    table(
      [say("prompt, temperature, seed", "comienzo, temperatura, semilla"), ...drawn.map(([name]) => name)],
      settings.map(({ prompt, temperature, seed }, i) => [
        `${JSON.stringify(prompt)}, ${temperature}, ${seed}`,
        ...drawn.map(([, { samples }]) => {
          const { prompt, text } = samples![i];
          return html`<b>${prompt}</b>${text}`;
        }),
      ]),
    )
  }`;
}
