import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { curvesOf } from "./pictures.ts";

Deno.test("curves are drawn in both languages from the figures that training left, whole lines alone", async () => {
  const folder = await Deno.makeTempDir();
  const lines = [
    { step: 1, loss: 3 },
    { step: 2, loss: 2 },
    { step: 2, validation: { loss: 2.5, accuracy: 0.5 }, average: { loss: 2.4, accuracy: 0.6 } },
    { step: 2, seen: { loss: 1.5, accuracy: 0.75 } },
  ];
  const text = lines.map((line) => JSON.stringify(line) + "\n").join("") + '{"step":3,"lo';
  await Deno.mkdir(join(folder, "labels"));
  await Deno.writeTextFile(join(folder, "labels/metrics.jsonl"), text);
  const pictures = await curvesOf([
    { name: "temas", folder: join(folder, "labels/best"), stage: "finetune-classify" },
    { name: "untold", folder: join(folder, "nothing/best"), stage: "pretrain" },
  ]);
  assertEquals(pictures.map(({ title }) => title), [
    { en: "temas: loss", es: "temas: pérdida" },
    { en: "temas: accuracy", es: "temas: exactitud" },
  ]);
  const [{ svg: loss }, { svg: accuracy }] = pictures;
  for (const words of ["temas: loss", "nats per text", ">step<", ">train<", "averaged weights"]) {
    assertStringIncludes(loss.en, words);
    assert(!loss.es.includes(words), words);
  }
  for (
    const words of ["temas: pérdida", "nats por texto", ">paso<", ">entrenamiento<", "pesos promediados"]
  ) {
    assertStringIncludes(loss.es, words);
  }
  assertStringIncludes(accuracy.es, "parte acertada");
  // Loss and accuracy each have curves for training, validation and averaged weights.
  for (const { es } of [loss, accuracy]) {
    assertEquals(es.match(/>(entrenamiento|validación|validación, [^<]*)</g)?.length, 3);
  }
  await Deno.remove(folder, { recursive: true });
});
