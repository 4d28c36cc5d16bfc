import assert from "node:assert/strict";
import fc from "fast-check";
import {
  LEAST_SEGMENT_BYTES,
  PROCESS_BYTES,
  shareMemory,
  WORKER_BYTES,
} from "../../../../aggregate/schedule/budget.ts";
import { SLAB_BYTES } from "../../../../aggregate/engine/slabs.ts";
import { allowedCores, allowedMemoryBytes } from "../../../../core/resources.ts";
import { GranaryError } from "../../../../core/errors.ts";

const MIB = 1024 ** 2;
const TOTAL = 64 * 1024 * MIB;
const files = (texts: Record<string, string>) => (path: string) => texts[path];
const none = files({});

Deno.test("what process, workers and segments get is the memory that was given, and no more", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 3e8, max: 1e12, noNaN: true }),
      fc.integer({ min: 1, max: 64 }),
      (memory, workers) => {
        let budget;
        try {
          budget = shareMemory(memory, workers);
        } catch (error) {
          assert.ok(error instanceof GranaryError && error.tag === "input");
          assert.ok(memory < PROCESS_BYTES + workers * WORKER_BYTES + LEAST_SEGMENT_BYTES);
          return;
        }
        const { segmentBytes, slabBytes } = budget;
        assert.ok(segmentBytes + PROCESS_BYTES + workers * WORKER_BYTES <= memory + 1);
        assert.ok(slabBytes <= SLAB_BYTES && slabBytes >= 65536);
        // The slabs that all workers are filling leave room for those that are full.
        assert.ok(slabBytes === 65536 || slabBytes * workers <= segmentBytes / 8);
      },
    ),
    { seed: 11 },
  );
});

Deno.test("memory that is too little is refused with what would be enough", () => {
  assert.throws(() => shareMemory(3e8, 8), /are too few for 8 workers \(wanted at least .*; raise --memory/);
});

Deno.test("without limits the machine's memory is allowed", () => {
  assert.equal(allowedMemoryBytes({}, TOTAL, none), TOTAL);
});

Deno.test("a control group of version 2 sets the limit, as do the groups around it", () => {
  const own = "0::/user.slice/job.scope\n";
  const within = (texts: Record<string, string>) =>
    allowedMemoryBytes({}, TOTAL, files({ "/proc/self/cgroup": own, ...texts }));
  assert.equal(within({ "/sys/fs/cgroup/user.slice/job.scope/memory.max": "1073741824\n" }), 1073741824);
  assert.equal(within({ "/sys/fs/cgroup/user.slice/memory.max": "2147483648\n" }), 2147483648);
  assert.equal(
    within({
      "/sys/fs/cgroup/memory.max": "3221225472\n",
      "/sys/fs/cgroup/user.slice/memory.max": "max\n",
      "/sys/fs/cgroup/user.slice/job.scope/memory.max": "max\n",
    }),
    3221225472,
  );
  assert.equal(within({ "/sys/fs/cgroup/user.slice/job.scope/memory.max": "max\n" }), TOTAL);
});

Deno.test("a control group of version 1 sets the limit; its word for none is beyond every machine", () => {
  const own = "12:cpu,cpuacct:/\n5:memory:/slurm/uid_0/job_7\n1:name=systemd:/\n0::/\n";
  const within = (texts: Record<string, string>) =>
    allowedMemoryBytes({}, TOTAL, files({ "/proc/self/cgroup": own, ...texts }));
  const root = "/sys/fs/cgroup/memory";
  assert.equal(within({ [`${root}/slurm/uid_0/job_7/memory.limit_in_bytes`]: "536870912\n" }), 536870912);
  assert.equal(within({ [`${root}/slurm/memory.limit_in_bytes`]: "536870912\n" }), 536870912);
  assert.equal(
    within({ [`${root}/slurm/uid_0/job_7/memory.limit_in_bytes`]: "9223372036854771712\n" }),
    TOTAL,
  );
});

Deno.test("Slurm's memory is in mebibytes, and 0 is the whole node", () => {
  const slurm = (environment: Record<string, string>) => allowedMemoryBytes(environment, TOTAL, none);
  assert.equal(slurm({ SLURM_MEM_PER_NODE: "2048" }), 2048 * MIB);
  assert.equal(slurm({ SLURM_MEM_PER_NODE: "0" }), TOTAL);
  assert.equal(slurm({ SLURM_MEM_PER_CPU: "1000", SLURM_CPUS_PER_TASK: "4" }), 4000 * MIB);
  assert.equal(slurm({ SLURM_MEM_PER_CPU: "1000", SLURM_CPUS_ON_NODE: "2" }), 2000 * MIB);
  assert.equal(slurm({ SLURM_MEM_PER_CPU: "1000" }), 1000 * MIB);
  assert.equal(slurm({ SLURM_MEM_PER_NODE: "999999999" }), TOTAL);
});

Deno.test("the least of control group and Slurm holds", () => {
  const read = files({ "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/memory.max": "1073741824" });
  assert.equal(allowedMemoryBytes({ SLURM_MEM_PER_NODE: "512" }, TOTAL, read), 512 * MIB);
  assert.equal(allowedMemoryBytes({ SLURM_MEM_PER_NODE: "4096" }, TOTAL, read), 1073741824);
});

Deno.test("a batch job's cores bound the workers", () => {
  assert.equal(allowedCores({ SLURM_CPUS_PER_TASK: "1" }), 1);
  assert.equal(allowedCores({ SLURM_CPUS_PER_TASK: "100000" }), allowedCores({}));
  assert.equal(allowedCores({ SLURM_CPUS_PER_TASK: "nonsense" }), allowedCores({}));
});
