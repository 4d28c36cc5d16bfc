/** The API's description (OpenAPI 3.1) out of its operations: parameters, bodies and answers by their schemas. */
import { z } from "zod";
import type { Operation } from "./operation.ts";

interface Named {
  title: string;
  version: string;
  description: string;
}

type JsonObject = Record<string, unknown>;

export function openApi(operations: readonly Operation[], info: Named, baseUrl: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const operation of operations) {
    if (operation.hidden === true) continue;
    const path = operation.path.replace(/\{(\w+)\*\}/g, "{$1}");
    (paths[path] ??= {})[operation.method] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info,
    servers: [{ url: baseUrl }],
    paths,
    components: { schemas: { Problem: PROBLEM, Faults: FAULTS } },
  };
}

const PROBLEM = {
  type: "object",
  properties: { detail: { type: "string" } },
  required: ["detail"],
};

const FAULTS = {
  type: "object",
  properties: {
    detail: {
      type: "array",
      items: {
        type: "object",
        properties: {
          type: { type: "string" },
          loc: { type: "array", items: { anyOf: [{ type: "string" }, { type: "integer" }] } },
          msg: { type: "string" },
          input: {},
          ctx: { type: "object" },
        },
        required: ["type", "loc", "msg"],
      },
    },
  },
  required: ["detail"],
};

function describe(operation: Operation): JsonObject {
  const { method, path, summary, tag, body } = operation;
  const answers: JsonObject = {};
  for (const [status, { description, types }] of Object.entries(operation.answers)) {
    answers[status] = {
      description,
      ...(types.length === 0 ? {} : { content: Object.fromEntries(types.map((type) => [type, {}])) }),
    };
  }
  const refusal = (schema: string, description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } },
  });
  answers["422"] ??= refusal("Faults", "A parameter that cannot be taken");
  answers["400"] ??= refusal("Problem", "A request that means nothing");
  if (operation.heavy === true) {
    answers["404"] ??= refusal("Problem", "No such catalog, collection or asset");
    answers["502"] ??= refusal("Problem", "The data could not be read");
    answers["503"] ??= refusal("Problem", "Too many requests wait");
    answers["504"] ??= refusal("Problem", "No answer in time");
  }
  if (body !== undefined) answers["413"] ??= refusal("Problem", "The body is too long");
  return {
    operationId: `${method}${
      path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())
    }`,
    summary,
    tags: [tag],
    parameters: [
      ...parameters(operation.pathParameters, "path"),
      ...parameters(operation.query, "query"),
    ],
    ...(body === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: jsonSchema(body) } } },
    }),
    responses: answers,
  };
}

function parameters(schema: z.ZodObject, where: "path" | "query"): JsonObject[] {
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, JsonObject>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function jsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return described;
}
