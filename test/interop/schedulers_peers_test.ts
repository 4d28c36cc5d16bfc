/** What is printed for Airflow and Argo, as their own programs understand it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { scheduleOf } from "../../core/deploy/schedule.ts";
import { airflowFiles, argoFiles, type Deployment } from "../../publish/deploy/texts.ts";
import { askPython, hasPeer } from "../support/python.ts";

const DEPLOYMENT: Deployment = {
  name: "omto3d-003",
  command: ["/usr/bin/printf", "%s|"],
  dataset: '/data/my sets/100% o\'zone "x" $HOME.yaml',
  text: "dataset: OMTO3d.003\n",
  runDirectory: "/data/my sets/d.run",
  runDirectoryIsStated: false,
  schedule: scheduleOf("6h", "OMTO3d.003"),
  secrets: ["STAC_TOKEN"],
  image: "granary:1",
};

interface AirflowTask {
  up: string[];
  rule: string;
  mapped: boolean;
  retries: number;
  command: string | null;
}

/** Arguments: a folder of DAGs, a folder for what Airflow writes. */
const READ_DAGS = `
import json, os, sys
os.environ.update(AIRFLOW_HOME=sys.argv[2], AIRFLOW__CORE__LOAD_EXAMPLES="False")
stdout, sys.stdout = os.dup(1), sys.stderr
os.dup2(2, 1)
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
tasks = lambda dag: {t.task_id: {"up": sorted(t.upstream_task_ids), "rule": str(getattr(t.trigger_rule, "value", t.trigger_rule)),
    "mapped": t.is_mapped, "retries": t.retries, "command": None if t.is_mapped else getattr(t, "bash_command", None)} for t in dag.tasks}
dags = {dag.dag_id: {"schedule": str(dag.schedule), "catchup": dag.catchup, "runs": dag.max_active_runs,
    "tasks": {name: {**t, "command": t["command"] if isinstance(t["command"], str) else None} for name, t in tasks(dag).items()}} for dag in bag.dags.values()}
os.write(stdout, json.dumps({"errors": bag.import_errors, "dags": dags}).encode())`;

Deno.test({
  name: "Airflow takes the DAG in, with its tasks in order, one run at a time, and the very paths",
  ignore: !hasPeer("airflow"),
  fn() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-dags-"));
    try {
      const dags = path.join(folder, "dags");
      fs.mkdirSync(dags);
      for (const [name, text] of Object.entries(airflowFiles(DEPLOYMENT))) {
        fs.writeFileSync(path.join(dags, name), text);
      }
      const read = askPython(READ_DAGS, dags, path.join(folder, "home")) as {
        errors: Record<string, string>;
        dags: Record<
          string,
          { schedule: string; catchup: boolean; runs: number; tasks: Record<string, AirflowTask> }
        >;
      };
      assert.deepEqual(read.errors, {});
      assert.deepEqual(Object.keys(read.dags), ["granary-omto3d-003"]);
      const { schedule, catchup, runs, tasks } = read.dags["granary-omto3d-003"];
      assert.deepEqual([schedule, catchup, runs], [DEPLOYMENT.schedule.cron, false, 1]);
      const order = Object.fromEntries(Object.entries(tasks).map(([name, { up }]) => [name, up]));
      assert.deepEqual(order, {
        plan: [],
        convert_tasks: ["plan"],
        convert: ["convert_tasks"],
        register_tasks: ["convert"],
        register: ["register_tasks"],
        finish: ["register"],
      });
      // A day without new granules has no tasks of converting, and what was left over is still registered.
      for (const name of ["register_tasks", "register", "finish"]) {
        assert.equal(tasks[name].rule, "none_failed");
      }
      assert.ok(tasks.convert.mapped && tasks.register.mapped, "a task a granule, a task a target");
      const words = (name: string) =>
        spawnSync("sh", ["-c", tasks[name].command!], { encoding: "utf8" }).stdout.split("|").slice(0, -1);
      const { dataset, runDirectory } = DEPLOYMENT;
      assert.deepEqual(words("plan"), ["publish", "plan", dataset, "--run-dir", runDirectory]);
      assert.deepEqual(words("finish"), ["run", "finish", runDirectory]);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** Argument: a CronWorkflow as JSON. Prints the paths of what Argo's models have no field for. */
const READ_WORKFLOW = `
import json, sys
from hera.workflows.models import CronWorkflow
def unknown(model, value, path):
    if hasattr(model, "root"):
        return unknown(model.root, value, path)
    if isinstance(value, list) and isinstance(model, list):
        return [fault for i, (m, v) in enumerate(zip(model, value)) for fault in unknown(m, v, f"{path}/{i}")]
    fields = getattr(type(model), "model_fields", None)
    if not isinstance(value, dict) or fields is None:
        return []
    names = {field.alias or name: name for name, field in fields.items()}
    return [fault for key, v in value.items() for fault in
        (unknown(getattr(model, names[key]), v, f"{path}/{key}") if key in names else [f"{path}/{key}"])]
document = json.loads(sys.argv[1])
print(json.dumps(unknown(CronWorkflow.model_validate(document), document, "")))`;

Deno.test({
  name: "Argo's models take the workflow, and know every field of it",
  ignore: !hasPeer("hera"),
  fn() {
    const [text] = Object.values(argoFiles(DEPLOYMENT));
    const workflow = parseAllDocuments(text)[1].toJS();
    assert.deepEqual(askPython(READ_WORKFLOW, JSON.stringify(workflow)), []);
    workflow.spec.workflowSpec.templates[0].stepz = [];
    assert.deepEqual(askPython(READ_WORKFLOW, JSON.stringify(workflow)), [
      "/spec/workflowSpec/templates/0/stepz",
    ]);
    delete workflow.spec.schedules;
    assert.throws(() => askPython(READ_WORKFLOW, JSON.stringify(workflow)), /schedules/);
  },
});
