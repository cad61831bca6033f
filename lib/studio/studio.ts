/** The right to start stages, for who has the token that the studio prints. */
import { timingSafeEqual } from "node:crypto";
import { Lessons } from "./lessons.ts";
import { Trainings } from "./trainings.ts";

const randomHex = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)).toHex();

export class Studio {
  readonly token = randomHex(16);
  /** Cookies do not know ports: a name of its own lets two studios be open in one browser. */
  readonly cookie = `desde-cero-${randomHex(4)}`;
  readonly trainings = new Trainings();
  readonly lessons = new Lessons();

  /**
   * Deletes a training and all models in its folder, with what is known here of those that were taught.
   * @param shipped whether also one that comes with the project
   * @throws {Refusal} if something is being trained or taught there, or it comes with the project
   */
  async remove(name: string, shipped: boolean): Promise<void> {
    await this.lessons.refuseWhileTaught(name);
    await this.trainings.remove(name, shipped);
    await this.lessons.forgetBelow(name);
  }

  /** Whether someone knows the token; how long the answer takes does not tell how much of it is right. */
  knows(given: string): boolean {
    const [a, b] = [given, this.token].map((text) => new TextEncoder().encode(text));
    return a.length === b.length && timingSafeEqual(a, b);
  }
}
