/**
 * Content of the first screen: a card for each kind of model, and an example of each skill. Prompts are in the language
 * that the models have learned; titles are the page's texts `tour_…` and `skill_…`.
 *
 * When another model ships, check what it answers: deno task ask --model models/small/instruct "¿…?"
 */
import type { ModelKind } from "../search.ts";

export interface Example {
  readonly kind: ModelKind;
  readonly prompt: string;
  /** Of `skill_…`; of a chat model also the family of questions in its evaluation, whose score is shown. */
  readonly skill: string;
  /** The end of the id of the classifier that the example is for. */
  readonly classifier?: string;
}

export interface Card extends Omit<Example, "skill"> {
  readonly id: string;
  readonly temperature?: number;
}

export const CARDS: readonly Card[] = [
  { id: "think", kind: "chat", prompt: "Tengo 12 canicas y le doy 5 a Luis. ¿Cuántas me quedan?" },
  {
    id: "tale",
    kind: "text",
    prompt: "Había una vez una niña que vivía cerca del mar. Un día",
    temperature: 0.7,
  },
  {
    id: "label",
    kind: "classifier",
    prompt: "El equipo marcó dos goles en el último minuto y ganó el campeonato.",
    classifier: "temas",
  },
  { id: "wrong", kind: "chat", prompt: "¿Cuánto es 17 más 25?" },
];

const chat = (skill: string, prompt: string): Example => ({ kind: "chat", skill, prompt });
const text = (skill: string, prompt: string): Example => ({ kind: "text", skill, prompt });
const label = (classifier: string, skill: string, prompt: string): Example => {
  return { kind: "classifier", classifier, skill, prompt };
};

export const EXAMPLES: readonly Example[] = [
  chat("gatos", "¿Qué son los gatos?"),
  chat("capital", "¿Cuál es la capital de Costa Rica?"),
  chat("identidad", "¿Quién eres?"),
  chat("extraer", "Ana guardó la llave en una caja azul. ¿Dónde guardó Ana la llave?"),
  chat(
    "comprensión",
    "Rosaura le dio la pelota a Benito, y Benito se la llevó a su prima Olga. ¿Quién tiene la pelota?",
  ),
  chat("razonar", "Si llueve, Nora lleva paraguas. Hoy llueve. ¿Lleva Nora paraguas?"),
  chat("no-lo-sé", "¿Quién ganó el partido de ayer?"),
  chat("clasificar", "¿Es «tiburón» un animal o una fruta?"),
  chat("reformular", "Pon en plural: «la flor roja»."),
  chat("letras", "¿Cuántas letras tiene la palabra «ventana»?"),
  chat("calendario", "¿Qué mes viene después de mayo?"),
  chat("aritmética", "¿Cuánto es siete más seis?"),
  chat("problemas", "Compré diez huevos y se rompieron tres. ¿Cuántos huevos me quedan?"),
  chat("conocimiento", "¿De qué color es el limón?"),
  chat("completar", "Completa: el perro dice guau y el gato dice..."),
  chat("perros", "¿A qué familia pertenecen los perros?"),
  chat("saludos", "Hola, ¿cómo estás?"),
  text("cuento", "Había una vez un zorro que"),
  text("carta", "Querida abuela:"),
  text("receta", "Para hacer una sopa de verduras se necesita"),
  text("oración", "El niño abrió la puerta y"),
  label("temas", "cocina", "Bate los huevos con el azúcar y hornea la masa durante media hora."),
  label("temas", "salud", "Conviene dormir ocho horas y beber agua si hay fiebre."),
  label("temas", "tecnología", "El teléfono nuevo tiene una batería que dura dos días."),
  label("mensajes", "no deseado", "¡Felicidades! Ha ganado un premio. Haga clic aquí y envíe sus datos."),
  label("mensajes", "deseado", "Llego a las seis. ¿Compro pan para la cena?"),
];
