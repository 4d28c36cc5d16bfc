/** A server of the tests' own, in this process, on a free port. */
import { serve, type ServeOptions } from "../../serve/serve.ts";

export interface Serving {
  url: string;
  /** Lines a request, as `--verbose` prints them. */
  lines: string[];
  warnings: string[];
  notes: string[];
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown): Promise<Response>;
  stop(): Promise<void>;
}

export async function startServing(options: Partial<ServeOptions> = {}): Promise<Serving> {
  const controller = new AbortController();
  const lines: string[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];
  let listening: (url: string) => void;
  const url = new Promise<string>((resolve) => listening = resolve);
  const running = serve({
    host: "127.0.0.1",
    port: 0,
    catalogs: [],
    allowOrigin: "*",
    baseUrl: null,
    ...options,
    signal: controller.signal,
    log: {
      info: (message) => void notes.push(message),
      warn: (message) => void warnings.push(message),
      request: (line) => void lines.push(line),
    },
    onListening: (at) => listening(at),
  });
  const base = await Promise.race([url, running.then(() => "")]);
  const get = (path: string, init?: RequestInit) => fetch(base + path, init);
  return {
    url: base,
    lines,
    warnings,
    notes,
    get,
    post: (path, body) =>
      get(path, {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    async stop() {
      controller.abort(new Error("the test is over"));
      await running;
    },
  };
}
