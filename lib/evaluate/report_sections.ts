/** The report's sections; each is empty if no checkpoint has its figures. */
import { html } from "hono/html";
import { type Html, image, type Picture, table } from "../page.ts";
import { plotCurves } from "../plot.ts";
import { isRight } from "./pairs.ts";
import { type CheckpointReport, fixed, percent } from "./report_checkpoint.ts";
import type { JudgedStory, StoryScore } from "./stories.ts";

/** Checkpoints by name. */
type Entries = readonly (readonly [name: string, CheckpointReport])[];

/** The loss by position of all language models in one picture. */
export function positionSection(entries: Entries): Html | "" {
  const curves = entries.flatMap(([name, { positions = [] }]) => {
    return positions.length === 0
      ? []
      : [{ name, points: positions.map((p) => [p.position, p.loss] as const) }];
  });
  if (curves.length === 0) return "";
  const title = "loss by position, up to twice the context";
  return html`<h2>Position</h2>
    <p>The more a model has read, the better it predicts; beyond the context that it was trained with, only as far as
    its positions reach: learned ones end there.</p>
    ${image({ title, svg: plotCurves(title, "nats per token", curves, "position") })}`;
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
  return html`<h2>Questions by family</h2>
    <p>None of these questions was trained on. Temperature 0, no rules besides the model.</p>
    ${
    table(
      [
        "family",
        "questions",
        ...asked.flatMap(([name]) => [`${name}: exact`, `${name}: contains`, `${name}: chrF`]),
      ],
      names.map((name) => [name, questions(name), ...cells(name)]),
    )
  }
    ${
    asked.map(([name, { instruct }]) =>
      html`<details><summary>Every answer of ${name}</summary>${
        table(
          ["question", "expected", "answer"],
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
  return html`<h2>Minimal pairs</h2>
    <p>Two sentences that differ in grammar alone: the share of pairs whose right sentence the model finds more
    probable. Guessing gets half.</p>
    ${
    table(
      ["phenomenon", "pairs", ...scored.map(([name]) => name)],
      phenomena.map(([phenomenon, { pairs: n }]) => [
        phenomenon,
        String(n),
        ...scored.map(([, { pairs }]) => percent(pairs!.phenomena[phenomenon].right)),
      ]),
    )
  }
    ${
    scored.map(([name, { pairs }]) =>
      html`<details><summary>Every pair that ${name} gets wrong</summary>${
        table(
          ["phenomenon", "right, nats", "wrong, nats"],
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
  return html`<h2>Stories</h2>
    <p>Beginnings that the model goes on with. Programs cannot tell whether a story is good, only some of what makes
    one fall apart.</p>
    ${
    table(
      ["figure", ...told.map(([name]) => name)],
      STORY_FIGURES.map(([figure, write]) => [figure, ...told.map(([, { stories }]) => write(stories!.all))]),
    )
  }
    ${
    told.map(([name, { stories }]) =>
      html`<details><summary>Every story of ${name}</summary>${
        table(
          ["beginning", "continuation", "found"],
          stories!.judged.map((story) => [story.beginning, story.text, findings(story)]),
        )
      }</details>`
    )
  }`;
}

const STORY_FIGURES: readonly [string, (score: StoryScore) => string][] = [
  ["hold together: nothing of the following is wrong", ({ coherent }) => percent(coherent)],
  ["no person turns up unintroduced, or changes gender", ({ persons }) => percent(persons)],
  ["a person of the beginning is named", ({ named }) => percent(named)],
  ["articles and adjectives that agree with their noun", ({ agreement }) => percent(agreement)],
  ["repeated 4-grams", ({ repetition }) => percent(repetition)],
  ["ended by the model, with a sentence", ({ ended }) => percent(ended)],
  ["words", ({ words }) => fixed(1)(words)],
];

function findings(story: JudgedStory): string {
  const { strangers, misgendered, disagreements, ended, named, persons } = story;
  return [
    ...strangers.length > 0 ? [`not introduced: ${strangers.join(", ")}`] : [],
    ...[...misgendered, ...disagreements].map((phrase) => `does not agree: ${phrase}`),
    ...named || Object.keys(persons).length === 0 ? [] : ["names none of its persons"],
    ...story.repetition > 0 ? [`${percent(story.repetition)} repeated`] : [],
    ...ended ? [] : ["no end"],
  ].join("; ");
}

export function labelSection(entries: Entries, matrices: readonly Picture[]): Html | "" {
  const classifiers = entries.filter(([, { classify }]) => classify);
  if (classifiers.length === 0) return "";
  return html`<h2>Labels</h2>${matrices.map(image)}${
    classifiers.map(([name, { classify }]) =>
      table(
        [`${name}: label`, "texts", "precision", "recall", "F1"],
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
  return html`<h2>Samples</h2>${
    table(
      ["prompt, temperature, seed", ...drawn.map(([name]) => name)],
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
