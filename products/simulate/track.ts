/** What one granule's six beams observe along one stretch of an orbit. */
import type { IceSheet } from "./ice_sheet.ts";
import { angleAtLatitude, EARTH_RADIUS_METRES, groundPoint, type Orbit, ORBIT_SECONDS } from "./orbit.ts";
import { createNormal, createRandom, mix, smoothNoise } from "./random.ts";

/** Along-track spacing of ATL06 segments. */
export const SEGMENT_METRES = 20;
const PAIR_METRES = 3300;
const WITHIN_PAIR_METRES = 90;

export const BEAMS = ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"] as const;
type Beam = typeof BEAMS[number];

/** Flying backward, as on most cycles, the left beam of each pair is the strong one. */
export const isStrong = (beam: Beam): boolean => beam.endsWith("l");

/**
 * Where a product's granules are cut (ATL03 product dictionary): region numbers with the latitudes at
 * which they begin and end, and whether the track rises there.
 */
const REGIONS: Readonly<Record<number, readonly [number, boolean, number, boolean]>> = {
  3: [59.5, true, 80, true],
  4: [80, true, 80, false],
  5: [80, false, 59.5, false],
  10: [-50, false, -79, false],
  11: [-79, false, -79, true],
  12: [-79, true, -50, true],
};

export const SHEET_REGIONS = { antarctica: [10, 11, 12], greenland: [3, 4, 5] } as const;

/** A stretch of one orbit that becomes one granule, in radians from the ascending node. */
export interface Stretch {
  orbit: Orbit;
  region: number;
  startAngle: number;
  endAngle: number;
}

/** Columns of one beam, a value a segment. */
export interface BeamColumns {
  beam: Beam;
  latitude: Float64Array;
  longitude: Float64Array;
  deltaTime: Float64Array;
  segmentId: Int32Array;
  height: Float32Array;
  heightSigma: Float32Array;
  alongTrackSlope: Float32Array;
  photons: Int32Array;
  quality: Int8Array;
}

/** What ATL06 writes where it has no height. */
export const FLOAT_FILL = 3.4028234663852886e38;

export function stretchOf(orbit: Orbit, region: number): Stretch {
  const cut = REGIONS[region];
  if (cut === undefined) throw new RangeError(`region ${region} has no ice sheet`);
  const startAngle = angleAtLatitude(cut[0], cut[1]);
  const endAngle = angleAtLatitude(cut[2], cut[3]);
  return { orbit, region, startAngle, endAngle };
}

/** Seconds since the epoch at an angle from the ascending node. */
export function secondsAt(orbit: Orbit, angle: number): number {
  return orbit.nodeSeconds + (angle / (2 * Math.PI)) * ORBIT_SECONDS;
}

/** Metres left of the reference track. */
export function beamOffset(beam: Beam): number {
  const pair = Number(beam[2]);
  const side = beam.endsWith("l") ? 1 : -1;
  return (2 - pair) * PAIR_METRES + (side * WITHIN_PAIR_METRES) / 2;
}

/** The share of the stretch's reference track that lies on the sheet, from a few hundred points. */
export function iceShare(stretch: Stretch, sheet: IceSheet): number {
  const points = 200;
  const point = new Float64Array(2);
  let on = 0;
  for (let i = 0; i < points; i++) {
    const angle = stretch.startAngle + ((stretch.endAngle - stretch.startAngle) * (i + 0.5)) / points;
    groundPoint(stretch.orbit, angle, 0, point);
    if (!Number.isNaN(sheet.height(point[0], point[1]))) on += 1;
  }
  return on / points;
}

/**
 * One beam's segments: every `every`-th that lies on the ice and is not hidden by cloud. Thin cloud and
 * the weak beams spoil some, which the quality flag tells; a part of those has no height at all.
 */
export function simulateBeam(
  stretch: Stretch,
  beam: Beam,
  sheet: IceSheet,
  options: { every: number; seed: number },
): BeamColumns {
  const { orbit, startAngle, endAngle } = stretch;
  const { every } = options;
  const step = (every * SEGMENT_METRES) / EARTH_RADIUS_METRES;
  const first = Math.ceil((startAngle * EARTH_RADIUS_METRES) / SEGMENT_METRES / every) * every;
  const capacity = Math.max(0, Math.ceil((endAngle - startAngle) / step)) + 1;
  const latitude = new Float64Array(capacity), longitude = new Float64Array(capacity);
  const deltaTime = new Float64Array(capacity), segmentId = new Int32Array(capacity);
  const height = new Float32Array(capacity), heightSigma = new Float32Array(capacity);
  const alongTrackSlope = new Float32Array(capacity), photons = new Int32Array(capacity);
  const quality = new Int8Array(capacity);
  const flight = mix(options.seed, orbit.cycle, orbit.track, stretch.region);
  const random = createRandom(mix(flight, BEAMS.indexOf(beam)));
  const normal = createNormal(random);
  const strong = isStrong(beam);
  const offset = beamOffset(beam);
  const point = new Float64Array(2);
  let count = 0;
  let lastHeight = Number.NaN;
  let lastSegment = 0;
  for (let segment = first;; segment += every) {
    const angle = (segment * SEGMENT_METRES) / EARTH_RADIUS_METRES;
    if (angle >= endAngle) break;
    groundPoint(orbit, angle, offset, point);
    const surface = sheet.height(point[0], point[1]);
    // Clouds of tens of kilometres, the same for all beams of a pass.
    const cloud = smoothNoise(flight, (segment * SEGMENT_METRES) / 60_000);
    if (Number.isNaN(surface) || cloud > 0.82) {
      lastHeight = Number.NaN;
      continue;
    }
    const thin = cloud > 0.7;
    const bad = random() < (thin ? 0.6 : strong ? 0.03 : 0.12);
    const none = bad && random() < 0.2;
    const sigma = (strong ? 0.012 : 0.025) * (bad ? 12 : 1) * (0.7 + 0.6 * random());
    const noise = normal() * sigma;
    const slope = (surface - lastHeight) / ((segment - lastSegment) * SEGMENT_METRES);
    latitude[count] = point[0];
    longitude[count] = point[1];
    deltaTime[count] = secondsAt(orbit, angle);
    segmentId[count] = segment;
    height[count] = none ? FLOAT_FILL : surface + noise;
    heightSigma[count] = none ? FLOAT_FILL : sigma;
    alongTrackSlope[count] = none || Number.isNaN(slope) ? FLOAT_FILL : slope;
    photons[count] = Math.round((strong ? 220 : 55) * (thin ? 0.4 : 1) * (0.8 + 0.4 * random()));
    quality[count] = bad ? 1 : 0;
    lastHeight = surface;
    lastSegment = segment;
    count += 1;
  }
  return {
    beam,
    latitude: latitude.subarray(0, count),
    longitude: longitude.subarray(0, count),
    deltaTime: deltaTime.subarray(0, count),
    segmentId: segmentId.subarray(0, count),
    height: height.subarray(0, count),
    heightSigma: heightSigma.subarray(0, count),
    alongTrackSlope: alongTrackSlope.subarray(0, count),
    photons: photons.subarray(0, count),
    quality: quality.subarray(0, count),
  };
}
