/** The estimate of a dry run, by prices that are read before anything is measured. */
import process from "node:process";
import { readPrices } from "../runs/read_prices.ts";
import { calibrate, type CalibrationOptions } from "./calibrate.ts";
import { type Estimate, estimateOf } from "./estimate.ts";
import type { Plan } from "./plan/plan.ts";

/** What a plan will cost where it runs by `has`. Throws an input error for prices that cannot be read. */
export async function estimatePlan(
  plan: Plan,
  options: CalibrationOptions,
  has: { workers: number; memoryBytes: number },
): Promise<Estimate> {
  const prices = readPrices(process.env);
  return estimateOf(plan, await calibrate(plan, options), has, prices);
}
