/** Beams of lidars that have several: their numbers, and which of them are strong. */
import type { Hdf5File } from "../core/hdf5/contract.ts";

export type BeamStrength = "strong" | "weak";
export const BEAM_STRENGTHS: readonly BeamStrength[] = ["strong", "weak"];

/** ICESat-2's ground tracks, from left to right in the direction of flight. */
const ICESAT2_BEAMS = ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"];
const GEDI_BEAM = /^BEAM([01]{4})$/;

/** 1 to 6 for gt1l to gt3r, and GEDI's own numbers, which its groups have in binary; undefined for other groups. */
export function beamNumber(group: string): number | undefined {
  const name = group.replace(/^\//, "").split("/")[0];
  const track = ICESAT2_BEAMS.indexOf(name);
  if (track >= 0) return track + 1;
  const gedi = GEDI_BEAM.exec(name);
  return gedi === null ? undefined : parseInt(gedi[1], 2);
}

/**
 * Whether a group's beam is strong. Of ICESat-2 the group's `atlas_beam_type` says it, or the orientation of the
 * spacecraft (`orbit_info/sc_orient`: backward 0, strong beams on the left; forward 1, on the right); GEDI's full power
 * beams are strong, its coverage beams weak. A text that says why it cannot be told, where it cannot.
 */
export function beamStrength(file: Hdf5File, group: string): BeamStrength | { unknown: string } {
  const beam = beamNumber(group);
  if (beam === undefined) return { unknown: `the group ${group} is no beam` };
  const attributes = file.attributes(`/${group}`) ?? {};
  if (GEDI_BEAM.test(group)) {
    const text = String(attributes.description ?? "").toLowerCase();
    if (text.includes("full power")) return "strong";
    if (text.includes("coverage")) return "weak";
    return beam >= 5 ? "strong" : "weak";
  }
  const type = String([attributes.atlas_beam_type].flat()[0] ?? "").trim().toLowerCase();
  if (type === "strong" || type === "weak") return type;
  const orientation = firstValue(file, "/orbit_info/sc_orient");
  if (orientation === undefined) {
    return { unknown: "neither atlas_beam_type nor orbit_info/sc_orient says which beams are strong" };
  }
  if (orientation !== 0 && orientation !== 1) {
    return { unknown: `orbit_info/sc_orient is ${orientation}: the spacecraft was turning` };
  }
  const isLeft = beam % 2 === 1;
  return isLeft === (orientation === 0) ? "strong" : "weak";
}

/** The first element of a dataset of numbers; undefined where there is none. */
export function firstValue(file: Hdf5File, path: string): number | undefined {
  const dataset = file.dataset(path);
  if (dataset === undefined || dataset.shape.some((length) => length === 0)) return undefined;
  if (!/^[<>|][iuf][1248]$/.test(dataset.dtype)) return undefined;
  return Number(dataset.readWindow(dataset.shape.map(() => 0), dataset.shape.map(() => 1))[0]);
}
