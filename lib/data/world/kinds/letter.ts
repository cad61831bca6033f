/** Letters, notes, mails, invitations, thanks, apologies, postcards and pages of diaries. */
import type { Kind, WorldFiles } from "../document.ts";
import { readPeople } from "./people.ts";

export const load = (files: WorldFiles): Promise<Kind> => readPeople(files, "letter");
