/** Conversations: in shops, on the phone, at the doctor's, on the way, at school, between friends. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Draws, Fields } from "./draws.ts";
import { readPeople } from "./people.ts";

export const load = (files: WorldFiles): Promise<Kind> => readPeople(files, "conversation", { cuenta: bill });

const NOTES = [10, 20, 50, 100];

/** A price, the note that pays it, and the change. */
function bill({ random }: Draws): Fields {
  const pago = random.pick(NOTES);
  const precio = random.between(2, pago - 2);
  return { fields: { precio, pago, cambio: pago - precio } };
}
