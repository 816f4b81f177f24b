"""Assertions on a call with literal values, as JSON. Standard input: a list of answers with their tests and entry."""

import ast
import json
import sys


def plain(value):
    """What JSON gives back as the value that it was; tuples become lists."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise ValueError(value)


def literal(node):
    return json.dumps(plain(ast.literal_eval(node)))


def call_of(node, names):
    match node:
        case ast.Assert(test=ast.Compare(left=ast.Call(func=ast.Name(id=name)) as call, ops=[ast.Eq()], comparators=[value])):
            if name in names and not call.keywords:
                inputs = "[" + ",".join(map(literal, call.args)) + "]"
                return {"input": inputs, "output": literal(value)}
    return None


def calls_of(answer):
    calls = []
    for node in ast.walk(ast.parse(answer["tests"])):
        try:
            call = call_of(node, {"candidate", answer.get("entry")})
        except (ValueError, TypeError):
            continue
        if call is not None:
            calls.append(call)
    return {"entry": answer.get("entry") or "", "calls": calls}


print(json.dumps([calls_of(answer) for answer in json.load(sys.stdin)]))
