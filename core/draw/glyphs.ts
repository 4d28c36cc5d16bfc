/**
 * A stroke font of our own: each glyph is a width and a path over a grid where capitals are 7 high,
 * small letters 5, and the baseline is 0, y upward. Commands: `M x,y` lifts the pen and moves; `L x,y`
 * draws; `A cx,cy,rx,ry,from,to` draws along an ellipse between two angles in degrees (joined to the
 * point before unless the pen was lifted by `M` alone); `O cx,cy,rx,ry` is a whole ellipse apart.
 */
export const CAPITAL_HEIGHT = 7;
/** Between the inked widths of two glyphs. */
export const SPACING = 1.75;
export const SPACE = 2.1;

/** Points of each stroke, x and y in turn. */
interface Glyph {
  width: number;
  strokes: number[][];
}

const PATHS: Readonly<Record<string, readonly [width: number, path: string]>> = {
  A: [5.4, "M0,0 L2.7,7 L5.4,0 M0.9,2.3 L4.5,2.3"],
  B: [4.5, "M0,0 L0,7 L2.4,7 A2.4,5.3,1.7,1.7,90,-90 L0,3.6 M2.4,3.6 A2.7,1.8,1.8,1.8,90,-90 L0,0"],
  C: [5, "M A2.9,3.5,2.9,3.5,48,312"],
  D: [5, "M0,0 L0,7 L1.7,7 A1.7,3.5,3.3,3.5,90,-90 L0,0"],
  E: [4.1, "M4.1,0 L0,0 L0,7 L4.1,7 M0,3.6 L3.5,3.6"],
  F: [3.9, "M0,0 L0,7 L3.9,7 M0,3.5 L3.3,3.5"],
  G: [5.4, "M A2.9,3.5,2.9,3.5,48,355 L3.3,3.3"],
  H: [4.8, "M0,0 L0,7 M4.8,0 L4.8,7 M0,3.6 L4.8,3.6"],
  I: [0, "M0,0 L0,7"],
  J: [3.3, "M3.3,7 L3.3,1.8 A1.65,1.8,1.65,1.8,0,-150"],
  K: [4.6, "M0,0 L0,7 M4.4,7 L0,2.6 M1.5,4.1 L4.6,0"],
  L: [3.8, "M0,7 L0,0 L3.8,0"],
  M: [5.8, "M0,0 L0,7 L2.9,2.2 L5.8,7 L5.8,0"],
  N: [4.8, "M0,0 L0,7 L4.8,0 L4.8,7"],
  O: [5.6, "O2.8,3.5,2.8,3.5"],
  P: [4.4, "M0,0 L0,7 L2.5,7 A2.5,5.1,1.9,1.9,90,-90 L0,3.2"],
  Q: [5.6, "O2.8,3.5,2.8,3.5 M3.5,1.9 L5.5,-0.4"],
  R: [4.6, "M0,0 L0,7 L2.5,7 A2.5,5.1,1.9,1.9,90,-90 L0,3.2 M2.4,3.2 L4.6,0"],
  S: [4.4, "M A2.25,5.2,1.9,1.8,35,270 A2.25,1.7,2.2,1.7,90,-148"],
  T: [5, "M0,7 L5,7 M2.5,7 L2.5,0"],
  U: [4.8, "M0,7 L0,2.4 A2.4,2.4,2.4,2.4,180,360 L4.8,7"],
  V: [5.2, "M0,7 L2.6,0 L5.2,7"],
  W: [7.4, "M0,7 L1.8,0 L3.7,6.6 L5.6,0 L7.4,7"],
  X: [4.8, "M0,0 L4.8,7 M0,7 L4.8,0"],
  Y: [5, "M0,7 L2.5,3.2 L5,7 M2.5,3.2 L2.5,0"],
  Z: [4.6, "M0,7 L4.6,7 L0,0 L4.6,0"],
  a: [3.8, "O1.9,2.5,1.9,2.5 M3.8,5 L3.8,0"],
  b: [3.8, "M0,7.2 L0,0 O1.9,2.5,1.9,2.5"],
  c: [3.5, "M A2,2.5,2,2.5,48,312"],
  d: [3.8, "O1.9,2.5,1.9,2.5 M3.8,7.2 L3.8,0"],
  e: [3.9, "M0,2.7 L3.88,2.7 A1.95,2.5,1.95,2.5,4,315"],
  f: [2.3, "M0.9,0 L0.9,5.6 A2.4,5.6,1.5,1.6,180,92 M0,4.9 L2.2,4.9"],
  g: [3.8, "O1.9,2.5,1.9,2.5 M3.8,5 L3.8,-0.3 A1.95,-0.3,1.85,1.8,0,-145"],
  h: [3.6, "M0,7.2 L0,0 M0,3.1 A1.8,3.1,1.8,1.9,180,0 L3.6,0"],
  i: [0, "M0,0 L0,5 M0,6.85 L0,7"],
  j: [1.1, "M1.1,5 L1.1,-0.8 A-0.2,-0.8,1.3,1.3,0,-85 M1.1,6.85 L1.1,7"],
  k: [3.5, "M0,0 L0,7.2 M3.2,5 L0,1.9 M1.2,3.1 L3.5,0"],
  l: [0, "M0,7.2 L0,0"],
  m: [6, "M0,0 L0,5 M0,3.4 A1.5,3.4,1.5,1.6,180,0 L3,0 M3,3.4 A4.5,3.4,1.5,1.6,180,0 L6,0"],
  n: [3.6, "M0,0 L0,5 M0,3.1 A1.8,3.1,1.8,1.9,180,0 L3.6,0"],
  o: [4, "O2,2.5,2,2.5"],
  p: [3.8, "M0,5 L0,-2.1 O1.9,2.5,1.9,2.5"],
  q: [3.8, "M3.8,5 L3.8,-2.1 O1.9,2.5,1.9,2.5"],
  r: [2.2, "M0,0 L0,5 M0,3 A1.9,3.1,1.9,1.9,180,82"],
  s: [3.2, "M A1.65,3.72,1.45,1.28,30,270 A1.6,1.22,1.6,1.22,90,-150"],
  t: [2.4, "M0.9,6.6 L0.9,1.3 A2.2,1.3,1.3,1.3,180,278 M0,4.9 L2.3,4.9"],
  u: [3.6, "M0,5 L0,1.9 A1.8,1.9,1.8,1.9,180,360 M3.6,5 L3.6,0"],
  v: [3.8, "M0,5 L1.9,0 L3.8,5"],
  w: [5.6, "M0,5 L1.4,0 L2.8,4.6 L4.2,0 L5.6,5"],
  x: [3.5, "M0,0 L3.5,5 M0,5 L3.5,0"],
  y: [3.8, "M0,5 L1.95,0.2 M3.8,5 L1.4,-1.3 A0.2,-0.9,1.2,1.2,-20,-95"],
  z: [3.3, "M0,5 L3.3,5 L0,0 L3.3,0"],
  "0": [4.2, "O2.1,3.5,2.1,3.5"],
  "1": [4.2, "M0.8,5.6 L2.5,7 L2.5,0"],
  "2": [4.2, "M A2.1,5,2,2,165,-38 L0.1,0 L4.2,0"],
  "3": [4.2, "M A2.05,5.3,1.75,1.7,150,-90 A2.05,1.8,2.1,1.8,90,-150"],
  "4": [4.4, "M3.3,0 L3.3,7 L0,2.1 L4.4,2.1"],
  "5": [4.2, "M3.8,7 L0.8,7 L0.4,3.75 A2,2.25,2.15,2.25,138,-146"],
  "6": [4.2, "O2.1,2.2,2.1,2.2 M0,2.2 A3.7,2.2,3.7,4.8,180,98"],
  "7": [4.2, "M0,7 L4.2,7 L1.4,0"],
  "8": [4.2, "O2.1,5.3,1.75,1.7 O2.1,1.8,2.1,1.8"],
  "9": [4.2, "O2.1,4.8,2.1,2.2 M4.2,4.8 A0.5,4.8,3.7,4.8,0,-82"],
  ".": [0.2, "M0.1,0 L0.1,0.15"],
  ",": [0.6, "M0.5,0.2 L0.1,-1.2"],
  ":": [0.2, "M0.1,0.1 L0.1,0.2 M0.1,3.9 L0.1,4"],
  ";": [0.6, "M0.5,0.2 L0.1,-1.2 M0.5,3.9 L0.5,4"],
  "-": [2.3, "M0,2.7 L2.3,2.7"],
  "–": [3.8, "M0,2.7 L3.8,2.7"],
  "—": [6, "M0,2.7 L6,2.7"],
  "−": [3.8, "M0,3.1 L3.8,3.1"],
  "+": [3.8, "M0,3.1 L3.8,3.1 M1.9,1.2 L1.9,5"],
  "±": [3.8, "M0,3.9 L3.8,3.9 M1.9,2 L1.9,5.8 M0,0.4 L3.8,0.4"],
  "×": [3.2, "M0,1.5 L3.2,4.7 M0,4.7 L3.2,1.5"],
  "=": [3.8, "M0,2.1 L3.8,2.1 M0,4.1 L3.8,4.1"],
  "<": [3.4, "M3.4,0.9 L0,3.1 L3.4,5.3"],
  ">": [3.4, "M0,0.9 L3.4,3.1 L0,5.3"],
  "_": [4.4, "M0,-1.1 L4.4,-1.1"],
  "/": [3, "M0,-0.9 L3,7.6"],
  "\\": [3, "M0,7.6 L3,-0.9"],
  "|": [0, "M0,-1.8 L0,7.8"],
  "(": [1.6, "M A3.6,3,3.6,5.2,124,236"],
  ")": [1.6, "M A-2,3,3.6,5.2,56,-56"],
  "[": [1.6, "M1.6,7.8 L0,7.8 L0,-1.6 L1.6,-1.6"],
  "]": [1.6, "M0,7.8 L1.6,7.8 L1.6,-1.6 L0,-1.6"],
  "{": [2, "M2,7.8 L1,7.2 L1,4 L0,3.1 L1,2.2 L1,-1 L2,-1.6"],
  "}": [2, "M0,7.8 L1,7.2 L1,4 L2,3.1 L1,2.2 L1,-1 L0,-1.6"],
  "!": [0.2, "M0.1,7 L0.1,2.2 M0.1,0 L0.1,0.15"],
  "?": [3.6, "M A1.8,5.2,1.8,1.8,165,-60 L1.8,2.2 M1.8,0 L1.8,0.15"],
  "'": [0, "M0,7.2 L0,5.4"],
  "’": [0.5, "M0.5,7.2 L0.1,5.6"],
  '"': [1.6, "M0,7.2 L0,5.4 M1.6,7.2 L1.6,5.4"],
  "`": [1, "M0,7.2 L1,6"],
  "*": [3, "M1.5,7 L1.5,4 M0.2,6.3 L2.8,4.7 M0.2,4.7 L2.8,6.3"],
  "#": [4.4, "M1.2,0 L1.8,7 M3,0 L3.6,7 M0.2,4.8 L4.4,4.8 M0,2.2 L4.2,2.2"],
  "%": [5.8, "O1.3,5.5,1.3,1.5 O4.5,1.5,1.3,1.5 M5,7 L0.8,0"],
  "&": [5.2, "M5.2,0 L1.2,5 A2.3,5.6,1.3,1.4,205,-35 L1.1,3.1 A1.7,1.7,1.7,1.7,130,275 L3.3,0.6 L4.9,3"],
  "$": [4.4, "M A2.25,5,1.9,1.5,35,270 A2.25,1.9,2.2,1.6,90,-148 M2.2,7.8 L2.2,-0.8"],
  "@": [6, "O3,2.8,1.4,1.7 M4.4,4.5 L4.4,1.6 A5.2,1.6,0.8,0.8,180,360 L6,3 A3,3,3,3.6,0,300"],
  "^": [3.4, "M0,4.2 L1.7,7 L3.4,4.2"],
  "~": [4, "M A1,2.7,1,0.9,170,0 A3,2.9,1,0.9,180,350"],
  "°": [1.9, "O0.95,6.1,0.95,0.95"],
  "·": [0.2, "M0.1,3 L0.1,3.15"],
  "²": [2.2, "M A1.05,6.3,1,1,165,-38 L0.1,3.8 L2.2,3.8"],
  "³": [2.2, "M A1,6.4,0.85,0.8,150,-90 A1,4.7,1,0.9,90,-150"],
  "¹": [1.3, "M0.2,6.6 L1.1,7.3 L1.1,3.8"],
  "⁻": [1.8, "M0,5.6 L1.8,5.6"],
  "µ": [3.6, "M0,5 L0,-2.1 M0,1.9 A1.8,1.9,1.8,1.9,180,360 M3.6,5 L3.6,0"],
  "σ": [4.4, "O2,2.3,2,2.3 M2,4.6 L4.4,4.6"],
  "Δ": [5.4, "M0,0 L2.7,7 L5.4,0 L0,0"],
  "…": [4.4, "M0.1,0 L0.1,0.15 M2.2,0 L2.2,0.15 M4.3,0 L4.3,0.15"],
};

/** What stands for a character that is not in the font. */
const MISSING: readonly [number, string] = [3.6, "M0,0 L3.6,0 L3.6,7 L0,7 L0,0"];

/** Degrees between two points of a curve. */
const CURVE_STEP = 12;

const made = new Map<string, Glyph>();

/** Whether the font has the character, or its letter without accents. */
export function hasGlyph(character: string): boolean {
  return pathOf(character) !== undefined;
}

function pathOf(character: string): readonly [number, string] | undefined {
  if (Object.hasOwn(PATHS, character)) return PATHS[character];
  const letter = character.normalize("NFD")[0];
  return Object.hasOwn(PATHS, letter) ? PATHS[letter] : undefined;
}

/** The glyph of a character; accents that are not in the font are left off. */
export function glyphOf(character: string): Glyph {
  let glyph = made.get(character);
  if (glyph === undefined) {
    const [width, path] = pathOf(character) ?? MISSING;
    glyph = { width, strokes: parsePath(path) };
    made.set(character, glyph);
  }
  return glyph;
}

function parsePath(path: string): number[][] {
  const strokes: number[][] = [];
  let stroke: number[] = [];
  for (const [, command, numbers] of path.matchAll(/([MLAO])\s*([-\d.,]*)/g)) {
    const values = numbers === "" ? [] : numbers.split(",").map(Number);
    if (command === "M" || command === "O") {
      stroke = [];
      strokes.push(stroke);
    }
    if (command === "A") pushArc(stroke, values);
    else if (command === "O") pushArc(stroke, [...values, 0, 360]);
    else stroke.push(...values);
  }
  return strokes;
}

function pushArc(stroke: number[], [cx, cy, rx, ry, from, to]: number[]): void {
  const steps = Math.ceil(Math.abs(to - from) / CURVE_STEP);
  for (let step = 0; step <= steps; step++) {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    stroke.push(cx + rx * Math.cos(angle), cy + ry * Math.sin(angle));
  }
}
