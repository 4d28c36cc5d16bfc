"""Requests by schemathesis out of a server's own OpenAPI description, each sent once.

    python generated_requests.py URL REQUESTS SEED KNOWN

KNOWN is JSON: for names of parameters values that mean something to this server, which are taken half of the
time. Prints JSON: how many requests there were, statuses, and those that were answered 5xx or not at all.
"""
import json
import sys
import warnings
from collections import Counter

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

warnings.simplefilter("ignore")
url, wanted, seed, known = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
MOST_CHARACTERS, MOST_ITEMS = 30, 2


def bounded(schema):
    """The schema with short strings and lists, which are generated in no time."""
    if isinstance(schema, list):
        return [bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    small = {key: bounded(value) for key, value in schema.items()}
    if small.get("type") == "string" and "enum" not in small:
        small["maxLength"] = min(small.get("maxLength", MOST_CHARACTERS), MOST_CHARACTERS)
    if small.get("type") == "array":
        small["maxItems"] = min(small.get("maxItems", MOST_ITEMS), MOST_ITEMS)
    return small


def with_known(parameter):
    schema = bounded(parameter["schema"])
    values = known.get(parameter["name"])
    if values is not None:
        free = schema["items"] if schema.get("type") == "array" else schema
        one = {"anyOf": [{"enum": values}, free]}
        schema = {"type": "array", "items": one, "minItems": 1, "maxItems": 1} if free is not schema else one
    return {**parameter, "schema": schema}


description = requests.get(f"{url}/api", timeout=30).json()
for methods in description["paths"].values():
    for operation in methods.values():
        operation["parameters"] = [with_known(one) for one in operation["parameters"]]
        if "requestBody" in operation:
            operation["requestBody"]["content"]["application/json"]["schema"] = known["body"]

statuses, failures, sent = Counter(), [], 0
schema = schemathesis.openapi.from_dict(description)
operations = [result.ok() for result in schema.get_all_operations()]
each = -(-wanted // len(operations))
session = requests.Session()
for operation in operations:
    for mode, share in ((GenerationMode.POSITIVE, -(-each * 3 // 4)), (GenerationMode.NEGATIVE, max(1, each // 4))):

        def send(case):
            global sent
            # A few optional parameters at a time: else nearly every request has a fault.
            if mode is GenerationMode.POSITIVE and case.query:
                optional = [p for p in operation.query if not p.definition.get("required")]
                for number, parameter in enumerate(optional):
                    if hash((sent, number, seed)) % 8 != 0 and parameter.name not in known:
                        case.query.pop(parameter.name, None)
            sent += 1
            try:
                answer = case.call(base_url=url, timeout=60, session=session)
            except requests.RequestException as error:
                failures.append([operation.label, str(error)[:300]])
                return
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                asked = f"{answer.request.method} {answer.request.url}"
                failures.append([asked[:500], answer.status_code, answer.text[:300]])

        test = settings(
            max_examples=share,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(hypothesis.seed(seed)(given(operation.as_strategy(generation_mode=mode))(send)))
        try:
            test()
        except hypothesis.errors.Unsatisfiable:
            continue
print(json.dumps({"requests": sent, "statuses": statuses, "failures": failures[:50]}))
