/** Numbers of the command line. Each is a parser that names what it wanted. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

const MOST = Number.MAX_SAFE_INTEGER;

/** A whole number within bounds. */
export function whole(least = 0, most = MOST): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const bounds = most === MOST ? least === 0 ? "" : ` from ${least}` : ` from ${least} to ${most}`;
    throw new InvalidArgumentError(`"${text}" is not a whole number${bounds}.`);
  };
}

/** How many of something: 1 or more. */
export const countOf: (text: string) => number = whole(1);

/** A number, not only a whole one, within bounds. */
export function numberWithin(least: number, most: number, unit = ""): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`"${text}" is not a number${unit} from ${least} to ${most}.`);
  };
}

/** `0,3500`: two numbers, the lower first. */
export function parseRange(text: string): { low: number; high: number } {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (numbers.length !== 2 || !numbers.every(Number.isFinite)) {
    throw new InvalidArgumentError(`"${text}" is not two numbers, such as 0,3500.`);
  }
  const [low, high] = numbers;
  if (!(high > low)) throw new InvalidArgumentError(`"${text}": the lower value comes first.`);
  return { low, high };
}

/** `500000,0`: x and y. */
export function pointOf(text: string): [x: number, y: number] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (numbers.length === 2 && numbers.every(Number.isFinite)) return [numbers[0], numbers[1]];
  throw new InvalidArgumentError(`"${text}" is not x,y, such as 500000,0.`);
}

/** Names with commas between, without what is empty. */
export function listOf(text: string): string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}
