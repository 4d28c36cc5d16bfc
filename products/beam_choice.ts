/** Which groups of a granule are taken where a run asks for strong or weak beams only. */
import type { Hdf5File } from "../core/hdf5/contract.ts";
import { type BeamStrength, beamStrength } from "./beams.ts";

export class BeamChoice {
  /** Groups that cannot be told, left aside: plain sentences. */
  readonly warnings: string[] = [];

  constructor(readonly file: Hdf5File, readonly wanted: BeamStrength | undefined) {}

  accepts(group: string): boolean {
    if (this.wanted === undefined) return true;
    const strength = beamStrength(this.file, group);
    if (typeof strength === "string") return strength === this.wanted;
    this.warnings.push(`${group} is left out, asked for ${this.wanted} beams: ${strength.unknown}`);
    return false;
  }
}
