/** A worker thread of a server. */
import { parentPort } from "node:worker_threads";
import type { ToWorker } from "./contract.ts";
import { JobDesk } from "./job_desk.ts";

const port = parentPort;
if (port === null) throw new Error("this module runs in a worker thread only");
const desk = new JobDesk((message, moved = []) => port.postMessage(message, moved));
port.on("message", (message: ToWorker) => desk.take(message));
