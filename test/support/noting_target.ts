import type { ObjectTarget } from "../../core/access/object_target.ts";

/** Objects in memory that note each request; others write to `objects` directly. */
export class NotingTarget implements Omit<ObjectTarget, "putChunks" | "written" | "sweep" | "open"> {
  readonly name = "s3://bucket/a.run";
  readonly objects = new Map<string, Uint8Array>();
  readonly asked: string[] = [];
  breaks = false;

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.putAll(new Map([[key, bytes]]));
  }
  putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#ask(`put ${[...objects.keys()]}`, () => {
      for (const [key, bytes] of objects) this.objects.set(key, bytes);
      if (this.breaks) throw new Error("the answer was lost");
    });
  }
  putNew(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#ask(
      `new ${key}`,
      () => !this.objects.has(key) && this.objects.set(key, bytes) !== undefined,
    );
  }
  get(key: string): Promise<Uint8Array | undefined> {
    return this.#ask(`get ${key}`, () => this.objects.get(key));
  }
  async list(prefix: string): Promise<string[]> {
    return [...(await this.sizes(prefix)).keys()];
  }
  sizes(prefix: string): Promise<Map<string, number>> {
    const found = () => [...this.objects].filter(([key]) => key.startsWith(prefix)).sort();
    return this.#ask(
      `list ${prefix}`,
      () => new Map(found().map(([key, { length }]): [string, number] => [key, length])),
    );
  }
  delete(key: string): Promise<void> {
    return this.#ask(`delete ${key}`, () => void this.objects.delete(key));
  }

  #ask<T>(what: string, answer: () => T): Promise<T> {
    this.asked.push(what);
    return Promise.resolve().then(answer);
  }
}
