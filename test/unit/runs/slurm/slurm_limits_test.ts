import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cutStages,
  qosOf,
  readAssociations,
  readConfig,
  readPartition,
  readQos,
} from "../../../../runs/slurm/slurm_limits.ts";

Deno.test("sizes are read from scontrol show config, as Slurm 22.05 prints it", () => {
  const config = `Configuration data as of 2024-05-01T10:00:00
MaxArraySize            = 1001
MaxDBDMsgs              = 20004
MaxJobCount             = 10000
MaxJobId                = 67043328
SchedulerParameters     = bf_continue,max_array_tasks=500,sched_interval=2
`;
  assert.deepEqual(readConfig(config), { arraySize: 500, maxJobs: 10000 });
  assert.deepEqual(readConfig(config.replace("max_array_tasks=500,", "")), {
    arraySize: 1001,
    maxJobs: 10000,
  });
  assert.deepEqual(readConfig(""), { arraySize: 1001, maxJobs: null });
});

Deno.test("a partition's limits are those of the one named, or of the default", () => {
  const partitions =
    `PartitionName=main AllowGroups=ALL AllowQos=ALL Default=YES QoS=N/A MaxNodes=UNLIMITED MaxTime=01:00:00 State=UP
PartitionName=long AllowGroups=ALL Default=NO QoS=patient MaxTime=7-00:00:00 State=UP
PartitionName=free AllowGroups=ALL Default=NO QoS=N/A MaxTime=UNLIMITED State=UP
`;
  assert.deepEqual(readPartition(partitions, undefined), { name: "main", qos: null, maxMinutes: 60 });
  assert.deepEqual(readPartition(partitions, "long"), {
    name: "long",
    qos: "patient",
    maxMinutes: 7 * 24 * 60,
  });
  assert.deepEqual(readPartition(partitions, "free"), { name: "free", qos: null, maxMinutes: null });
  assert.deepEqual(readPartition("", undefined), { name: null, qos: null, maxMinutes: null });
});

Deno.test("policies are those of the account, the partition and the QOS that a job goes to", () => {
  const rows = "physics||190|2000|normal\nphysics|long|50||patient\nchemistry|||300|\n";
  assert.deepEqual(readAssociations(rows, "physics", "main"), {
    policies: [{ most: 190, name: "MaxSubmitJobs" }, { most: 2000, name: "GrpSubmitJobs" }],
    qos: ["normal"],
  });
  assert.deepEqual(readAssociations(rows, undefined, null).policies.map(({ most }) => most), [
    190,
    2000,
    50,
    300,
  ]);
  assert.deepEqual(readQos("normal|100||\nlow||20|30\n", ["low"]).map(({ most }) => most), [20, 30]);
  assert.equal(qosOf(["--comment=a", "--qos=low", "-q", "high"]), "high");
  assert.equal(qosOf(["--qos=low"]), "low");
  assert.equal(qosOf(["--quiet"]), null);
});

Deno.test("arrays and the last job fit the room, every stage has a task where all can, none more than it needs", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(3000), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 1500 }),
    fc.option(fc.nat(4000)),
    (tasks, arraySize, room) => {
      const sizes = cutStages(tasks, { arraySize, room, by: "", maxMinutes: null });
      const left = tasks.filter((count) => count > 0).length;
      const used = sizes.reduce((sum, size) => sum + size, 0);
      sizes.forEach((size, stage) => assert.ok(size <= Math.min(tasks[stage], arraySize)));
      if (room === null) return assert.deepEqual(sizes, tasks.map((count) => Math.min(count, arraySize)));
      if (room >= left + 1) {
        assert.ok(used + 1 <= room);
        sizes.forEach((size, stage) => assert.equal(size > 0, tasks[stage] > 0));
        // Nothing is cut further than it must.
        const wanted = tasks.reduce((sum, count) => sum + Math.min(count, arraySize), 0);
        assert.equal(used, Math.min(wanted, room - 1));
      } else assert.ok(used <= room && (used > 0) === (room > 0 && left > 0));
    },
  ));
});
