/** The studio: its trainings and lessons, and the token that it prints and that users must have. */
import { timingSafeEqual } from "node:crypto";
import { Lessons } from "./lessons.ts";
import { Trainings } from "./trainings.ts";

const randomHex = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)).toHex();

export class Studio {
  readonly token = randomHex(16);
  /** A random name, as cookies ignore ports: so two studios can be open in one browser. */
  readonly cookie = `desde-cero-${randomHex(4)}`;
  readonly trainings = new Trainings();
  readonly lessons = new Lessons();

  /**
   * Deletes a training with all models in its folder, and the records of lessons there.
   * @param shipped whether a training that ships with the project may be deleted
   * @throws {Refusal} if something is being trained or taught there, or it ships with the project
   */
  async remove(name: string, shipped: boolean): Promise<void> {
    await this.lessons.refuseWhileTaught(name);
    await this.trainings.remove(name, shipped);
    await this.lessons.forgetBelow(name);
  }

  /** Whether the token is right; compared in constant time. */
  knows(given: string): boolean {
    const [a, b] = [given, this.token].map((text) => new TextEncoder().encode(text));
    return a.length === b.length && timingSafeEqual(a, b);
  }
}
