/** Why a TIFF is no grid. */

/** A TIFF that is whole and still cannot be read as a grid, by the short name of the rule and the reason. */
export class Refusal extends Error {
  constructor(readonly rule: string, message: string) {
    super(message);
    this.name = "Refusal";
  }
}
