/** Which bands of a variable are meant by steps of its dimensions. */
import { asTime } from "../../core/json_value.ts";
import type { GridBand } from "../../core/raster/grid.ts";
import { badRequest } from "../http/problem.ts";
import type { StepRequest } from "../parameters/reading.ts";

/** A band's place along its dimensions, as its name says it: `time=2024-01-01T00:00:00Z,lev=1000`. */
function placesOf({ name }: GridBand): Map<string, string> {
  const places = new Map<string, string>();
  for (const part of name.split(",")) {
    const at = part.indexOf("=");
    if (at > 0) places.set(part.slice(0, at), part.slice(at + 1));
  }
  return places;
}

/**
 * Indices of the bands that fulfil all steps. Throws a 400 for a dimension that there is not, and for a value
 * that none has, with those that there are.
 */
export function bandsOfSteps(
  bands: readonly GridBand[],
  steps: readonly StepRequest[],
  variable: string,
): number[] {
  const places = bands.map(placesOf);
  let left = bands.map((_, i) => i);
  for (const step of steps) {
    const values = new Map<string, number[]>();
    for (const i of left) {
      const value = places[i].get(step.dimension);
      if (value === undefined) continue;
      const found = values.get(value);
      if (found === undefined) values.set(value, [i]);
      else found.push(i);
    }
    if (values.size === 0) {
      const names = [...new Set(places.flatMap((one) => [...one.keys()]))];
      throw badRequest(
        `variable '${variable}' has no dimension '${step.dimension}' to select from (it has ${
          names.join(", ") || "none"
        })`,
      );
    }
    const chosen = choose([...values.keys()], step);
    if (chosen === undefined) {
      const some = [...values.keys()];
      throw badRequest(
        `variable '${variable}' has no ${step.dimension} ${
          step.method === "exact" ? "" : `${step.method} `
        }` +
          `'${step.value}' (it has ${some.slice(0, 5).join(", ")}${
            some.length > 5 ? `, … ${some.at(-1)}` : ""
          })`,
      );
    }
    left = values.get(chosen) ?? [];
  }
  return left;
}

function choose(values: readonly string[], { method, value }: StepRequest): string | undefined {
  const exact = values.find((one) => one === value);
  if (exact !== undefined) return exact;
  const wanted = numberOf(value);
  if (wanted === undefined) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const one of values) {
    const number = numberOf(one);
    if (number === undefined) continue;
    const difference = number - wanted;
    if (method === "exact" && difference !== 0) continue;
    if (method === "pad" && difference > 0) continue;
    if (method === "backfill" && difference < 0) continue;
    if (Math.abs(difference) < bestDistance) [best, bestDistance] = [one, Math.abs(difference)];
  }
  return best;
}

/** A number, or a time as milliseconds. */
function numberOf(text: string): number | undefined {
  const number = text.trim() === "" ? NaN : Number(text);
  if (!Number.isNaN(number)) return number;
  return asTime(text) ?? undefined;
}
