/**
 * What the loss is multiplied by with mixed precision, so that small gradients do not vanish in float16, whose
 * least number is 6e-8: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740, section 3.2.
 *
 * It is as large as gradients allow: halved when one overflows, whose step then changes nothing, and doubled
 * after a while without that.
 */

/** Steps without an overflow after which a larger scale is tried. */
const PATIENCE = 1000;
const HIGHEST = 2 ** 24;

export class LossScale {
  /** A power of two, which changes no digit of a gradient that fits. */
  value: number;
  #sound = 0;

  constructor(start = 2 ** 16) {
    this.value = start;
  }

  /**
   * Told of each step in turn.
   * @param scale the scale that the step was made with; those under way while it was lowered do not count again
   */
  finished(scale: number, finite: boolean): void {
    if (!finite) {
      this.value = Math.min(this.value, scale / 2);
      this.#sound = 0;
    } else if (++this.#sound === PATIENCE) {
      this.value = Math.min(HIGHEST, this.value * 2);
      this.#sound = 0;
    }
  }
}
