/**
 * Entered before the tests of the gate: properties draw the same cases in every run, so that the gate
 * says the same of the same sources. GRANARY_TEST_SEED takes another number, or `any` for a new one each
 * time, which is how to look for what these cases do not reach.
 */
import process from "node:process";
import fc from "fast-check";

const given = process.env.GRANARY_TEST_SEED ?? "1987";
if (given !== "any") {
  const seed = Number(given);
  if (!Number.isInteger(seed)) {
    throw new Error(`GRANARY_TEST_SEED is "${given}", no whole number and not any`);
  }
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
