/**
 * HTTP/1.1 at the end of a line: every request waits for its latency, and all of them share one line of so many bytes a
 * second, each way. It shares the cores with the program that is measured, so it does little: bytes are written from
 * the memory that they lie in, and nothing goes through streams.
 */
import process from "node:process";

/** What goes over the line in one go. */
const PIECE_BYTES = 256 * 1024;
/** Timers are late; the line makes up for so much. */
const LATE_MS = 5;
const READ_BYTES = 64 * 1024;

export interface LineOfS3 {
  latencyMs: number;
  bytesASecond: number;
}

/** What it saw since it was asked last. */
export interface SeenOnLine {
  requests: number;
  /** Requests by their method. */
  methods: Record<string, number>;
  sentBytes: number;
  receivedBytes: number;
  /** The most requests that were under way together. */
  mostAtOnce: number;
  /** Seconds that requests were under way, summed. */
  waitingSeconds: number;
  /** Seconds that at least one request was under way. */
  busySeconds: number;
  /** Seconds of a core that the server itself took. */
  ownSeconds: number;
}

export interface LineRequest {
  method: string;
  url: URL;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

export interface LineAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | undefined;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A line that carries one piece after the other. */
class Line {
  #freeAt = 0;

  constructor(readonly bytesASecond: number) {}

  /** Waits until `bytes` more have gone over. */
  async carry(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now - LATE_MS) + bytes / this.bytesASecond * 1000;
    const wait = this.#freeAt - now;
    if (wait >= 1) await sleep(wait);
  }
}

export class LineServer {
  readonly #latencyMs: number;
  readonly #down: Line;
  readonly #up: Line;
  readonly #answer: (request: LineRequest) => LineAnswer;
  #seen = nothing();
  #underWay = 0;
  #changedAt = performance.now();
  #usage = process.cpuUsage();

  constructor({ latencyMs, bytesASecond }: LineOfS3, answer: (request: LineRequest) => LineAnswer) {
    this.#latencyMs = latencyMs;
    this.#down = new Line(bytesASecond);
    this.#up = new Line(bytesASecond);
    this.#answer = answer;
  }

  /** Listens on a free port of loopback, until the process ends. Returns the address. */
  listen(): string {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accept = async () => {
      // A connection that is cut is the matter of the one who cut it.
      for await (const connection of listener) this.#serve(connection).catch(() => connection.close());
    };
    accept();
    return `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  }

  /** What was seen since the last call. */
  seen(): SeenOnLine {
    this.#under(0);
    const { user, system } = process.cpuUsage(this.#usage);
    const told = { ...this.#seen, ownSeconds: (user + system) / 1e6 };
    this.#seen = nothing();
    this.#usage = process.cpuUsage();
    return told;
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    // A head and its body are two writes: the second must not wait for the first to be acknowledged.
    connection.setNoDelay(true);
    const incoming = new Incoming(connection);
    for (;;) {
      const request = await incoming.next();
      if (request === undefined) return connection.close();
      const isOurs = request.url.pathname.startsWith("/-");
      if (isOurs) await write(connection, head(this.#answer(request)));
      else await this.#overTheLine(connection, request);
    }
  }

  async #overTheLine(connection: Deno.TcpConn, request: LineRequest): Promise<void> {
    const { method, body } = request;
    const seen = this.#seen;
    seen.requests += 1;
    seen.methods[method] = (seen.methods[method] ?? 0) + 1;
    seen.receivedBytes += body.length;
    this.#under(1);
    try {
      await Promise.all([sleep(this.#latencyMs), body.length > 0 ? this.#up.carry(body.length) : undefined]);
      const answer = this.#answer(request);
      const whole = answer.body ?? new Uint8Array(0);
      await write(connection, head({ ...answer, body: undefined }, whole.length));
      for (let at = 0; at < whole.length; at += PIECE_BYTES) {
        const piece = whole.subarray(at, at + PIECE_BYTES);
        await this.#down.carry(piece.length);
        await write(connection, piece);
        seen.sentBytes += piece.length;
      }
    } finally {
      this.#under(-1);
    }
  }

  #under(change: number): void {
    const now = performance.now();
    const seconds = (now - this.#changedAt) / 1000;
    this.#seen.waitingSeconds += this.#underWay * seconds;
    if (this.#underWay > 0) this.#seen.busySeconds += seconds;
    this.#changedAt = now;
    this.#underWay += change;
    this.#seen.mostAtOnce = Math.max(this.#seen.mostAtOnce, this.#underWay);
  }
}

function nothing(): SeenOnLine {
  return {
    requests: 0,
    methods: {},
    sentBytes: 0,
    receivedBytes: 0,
    mostAtOnce: 0,
    waitingSeconds: 0,
    busySeconds: 0,
    ownSeconds: 0,
  };
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** The head of an answer, and a body that comes with it. */
function head({ status, headers = {}, body }: LineAnswer, length = body?.length ?? 0): Uint8Array {
  const all = { ...headers, ...status === 204 ? {} : { "content-length": String(length) } };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = new TextEncoder().encode(`HTTP/1.1 ${status} -\r\n${lines.join("")}\r\n`);
  if (body === undefined) return text;
  const both = new Uint8Array(text.length + body.length);
  both.set(text);
  both.set(body, text.length);
  return both;
}

/** The requests of one connection, one after the other. */
class Incoming {
  #buffer = new Uint8Array(READ_BYTES);
  #length = 0;

  constructor(readonly connection: Deno.TcpConn) {}

  /** The next one, with its body; undefined where the connection ends. */
  async next(): Promise<LineRequest | undefined> {
    let end = -1;
    while ((end = this.#headEnd()) < 0) if (!await this.#more()) return undefined;
    const [first, ...lines] = new TextDecoder().decode(this.#buffer.subarray(0, end)).split("\r\n");
    const [method, target] = first.split(" ");
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    const from = end + 4;
    const length = Number(headers.get("content-length") ?? 0);
    this.#reserve(from + length);
    while (this.#length < from + length) if (!await this.#more()) return undefined;
    const body = this.#buffer.slice(from, from + length);
    this.#buffer.copyWithin(0, from + length, this.#length);
    this.#length -= from + length;
    return { method, url: new URL(target, "http://s3"), headers, body };
  }

  /** Where the empty line begins that ends a head; -1 where it has not come. */
  #headEnd(): number {
    for (let at = 0; at + 4 <= this.#length; at++) {
      const is = (i: number, code: number) => this.#buffer[at + i] === code;
      if (is(0, 13) && is(1, 10) && is(2, 13) && is(3, 10)) return at;
    }
    return -1;
  }

  async #more(): Promise<boolean> {
    if (this.#length === this.#buffer.length) this.#reserve(2 * this.#length);
    const read = await this.connection.read(this.#buffer.subarray(this.#length));
    this.#length += read ?? 0;
    return read !== null;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(bytes);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
