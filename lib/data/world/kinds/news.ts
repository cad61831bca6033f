/** Short newspaper items: small events, announcements, lost and found, weather, results. */
import type { Kind, WorldFiles } from "../document.ts";
import { readPeople } from "./people.ts";

export const load = (files: WorldFiles): Promise<Kind> =>
  readPeople(files, "news", {
    marcador: ({ random }) => {
      const menos = random.between(0, 6);
      return { fields: { menos, más: menos + random.between(1, 5) } };
    },
    grados: ({ random }) => {
      const min = random.between(2, 20);
      return { fields: { min, max: min + random.between(4, 14) } };
    },
    cientos: ({ random }) => random.between(12, 98) * 10,
    veinte: ({ random }) => random.between(18, 34),
  });
