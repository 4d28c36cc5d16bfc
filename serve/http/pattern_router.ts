/** Hono's router over the patterns of operations: the first that was added is the one that answers. */
import type { Result, Router } from "hono/router";
import { pathPattern } from "./pattern.ts";

interface Route<T> {
  readonly method: string;
  readonly test: RegExp;
  readonly handler: T;
}

const EVERYTHING = "/*";

/**
 * A path is tested against one pattern after the other: hono's own router for patterns like these collects what may
 * match, part by part, and sorts it for every request, which takes longer than all of these tests.
 */
export class PatternRouter<T> implements Router<T> {
  readonly name = "PatternRouter";
  readonly #routes: Route<T>[] = [];

  /** @param path as {@linkcode pathPattern} takes it, or all paths */
  add(method: string, path: string, handler: T): void {
    const test = path === EVERYTHING ? /^/ : pathPattern(path).test;
    this.#routes.push({ method, test, handler });
  }

  match(method: string, path: string): Result<T> {
    const found = this.#routes.find((route) => route.method === method && route.test.test(path));
    return [found === undefined ? [] : [[found.handler, {}]]];
  }
}
