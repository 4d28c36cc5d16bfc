/**
 * Lambda's side that nobody here wrote: cfn-lint on the template, moto's CloudFormation that makes the
 * stack of it, and moto's Lambda that checks how an invocation is signed. moto runs no code of a function
 * without docker and no state machine with a distributed map: what these do is shown by nobody but AWS.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { LambdaClient } from "../../runs/lambda/lambda_client.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { temporaryFolder } from "../support/binary.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { hasPeer } from "../support/python.ts";
import { ok } from "../support/run_world.ts";

Deno.test({
  name:
    "cfn-lint finds no fault in the template, for either processor, for a dataset on time, a feed and a server",
  ignore: !hasPeer("cfnlint"),
  fn: async () => {
    const file = path.join(temporaryFolder(), "granary.json");
    const dataset = path.join(path.dirname(file), "d.yaml");
    fs.writeFileSync(
      dataset,
      "dataset: D.1\ndiscover: [{from: cmr, short_name: D}]\npublish:\n  - {to: s3://b/d/}\n" +
        "  - {to: https://stac.example.org, api: transactions, token: env:STAC_TOKEN}\n",
    );
    const feed = path.join(path.dirname(file), "f.yaml");
    const feedText = (ledger: string) =>
      "feed: f\nsource: {from: cdse, collection: S}\nfollow: {start: 2026-01-01}\n" +
      `${ledger}\ndownload: {to: s3://b/d}\npush: {host: 0.0.0.0, port: 8080}\n`;
    const lite = path.join(path.dirname(file), "lite.yaml");
    fs.writeFileSync(feed, feedText("ledger: postgres://feed@db.example.org/feed"));
    fs.writeFileSync(lite, feedText("exclusive: true"));
    const served = [
      "--serve",
      "--catalog",
      "s3://maps/a.parquet",
      "--store",
      "ice=s3://ice-b/ice.zarr",
      "--cmr",
    ];
    for (
      const more of [
        ["--arch", "x86_64"],
        ["--arch", "arm64"],
        [dataset, "--every", "6h"],
        served,
        [
          "--serve",
          "--cmr",
        ],
        ["--feed", feed, "--image", "r/granary:1"],
        ["--feed", lite, "--listen", "--image", "r/granary:1"],
      ]
    ) {
      // Of a dataset, a feed or a server the template is printed unasked.
      const named = more.includes(dataset) || more.includes("--serve") || more.includes("--feed");
      fs.writeFileSync(file, await ok(["deploy", "aws", ...(named ? [] : ["--print"]), ...more]));
      const lint = spawnSync(process.env.GRANARY_TEST_PYTHON!, [
        "-c",
        "import sys; from cfnlint import runner; sys.argv[0] = 'cfn-lint'; runner.main()",
        "--regions",
        "us-west-2",
        "--",
        file,
      ], { encoding: "utf8" });
      assert.equal(lint.status, 0, lint.stdout + lint.stderr);
    }
  },
});

const MAKE_STACK = `
import boto3, io, json, sys, zipfile
url, template, key, secret = sys.argv[1:]
def client(service):
    return boto3.client(service, endpoint_url=url, region_name="us-west-2", aws_access_key_id=key,
                        aws_secret_access_key=secret)
s3 = client("s3")
s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("bootstrap", "stands for the binary")
s3.put_object(Bucket="code", Key="granary-lambda.zip", Body=code.getvalue())
cf = client("cloudformation")
cf.create_stack(StackName="granary", TemplateBody=open(template).read(), Capabilities=["CAPABILITY_IAM"],
    Parameters=[{"ParameterKey": "CodeBucket", "ParameterValue": "code"},
                {"ParameterKey": "DataBucket", "ParameterValue": "stores"},
                {"ParameterKey": "MaxParallel", "ParameterValue": "7"}])
stack = cf.describe_stacks(StackName="granary")["Stacks"][0]
function = client("lambda").get_function_configuration(FunctionName="granary")
outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
machine = client("stepfunctions").describe_state_machine(stateMachineArn=outputs["StateMachine"])
print(json.dumps({"status": stack["StackStatus"], "function": function, "machine": machine}, default=str))
`;

Deno.test({
  name: "moto makes the stack: a function on provided.al2023 and a state machine over the plan's tasks",
  ignore: !hasMoto || !hasPeer("boto3", "cfnlint"),
  fn: async () => {
    const template = path.join(temporaryFolder(), "granary.json");
    fs.writeFileSync(template, await ok(["deploy", "aws", "--print", "--memory-mb", "2048"]));
    const moto = await startMoto();
    try {
      const { accessKeyId, secretAccessKey } = moto.keys;
      const made = spawnSync(
        process.env.GRANARY_TEST_PYTHON!,
        ["-c", MAKE_STACK, moto.url, template, accessKeyId, secretAccessKey],
        { encoding: "utf8" },
      );
      assert.equal(made.status, 0, made.stderr);
      const { status, function: configuration, machine } = JSON.parse(made.stdout);
      assert.equal(status, "CREATE_COMPLETE");
      assert.equal(configuration.Runtime, "provided.al2023");
      assert.equal(configuration.MemorySize, 2048);
      assert.equal(configuration.Timeout, 900);
      const { StartAt, States } = JSON.parse(machine.definition);
      const way = [];
      for (let state = StartAt; state !== undefined; state = States[state].Next) way.push(state);
      assert.deepEqual(way, ["Scatter", "Reduce", "Finish"]);
      assert.equal(States.Scatter.MaxConcurrency, 7);
      assert.equal(States.Finish.Parameters.FunctionName, configuration.FunctionArn);
      assert.ok(!machine.definition.includes("${"), "something was not substituted");

      // Answers that moto gives without running code; from here on every signature is checked.
      const post = async (where: string, body: unknown) => {
        const response = await fetch(`${moto.url}/moto-api/${where}`, {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        });
        assert.ok(response.ok, await response.text());
      };
      await post("config", { lambda: { use_docker: false } });
      await post("static/lambda-simple/response", {
        results: ['{"batch": 3, "granules": {"left": 0}}', "no JSON"],
        region: "us-west-2",
      });
      await moto.authenticate();
      const env = {
        HOME: "/nonexistent",
        AWS_ENDPOINT_URL: moto.url,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const client = await LambdaClient.open(new SourceOpener({ env }), "granary", "us-west-2", 2);
      const event = { run_dir: "s3://stores/a.zarr.run", scatter: 3 };
      assert.deepEqual((await client.invoke(event)).payload, { batch: 3, granules: { left: 0 } });
      await assert.rejects(client.invoke(event), /no answer of granary's/);

      const forged = new SourceOpener({ env: { ...env, AWS_SECRET_ACCESS_KEY: "another" } });
      const refused = await LambdaClient.open(forged, "granary", "us-west-2", 2);
      await assert.rejects(refused.invoke(event), (error: { tag?: string }) => error.tag === "credential");
    } finally {
      await moto.stop();
    }
  },
});
