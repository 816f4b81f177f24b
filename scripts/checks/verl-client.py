"""Does verl's own Sandbox Fusion client, unmodified, get the right scores from `selfq serve`?

usage: verl-client.py URL [PATH_TO_VERL]
needs: requests, and verl: installed, or unpacked at PATH_TO_VERL (the folder that holds `verl/`)

URL is what `selfq serve` printed, without a path. The client's file is loaded by itself, because the package around it
wants a GPU trainer's dependencies. Prints one line a case and exits with 1 where a result is not the expected one.
"""
import importlib.util
import pathlib
import sys

url = sys.argv[1].rstrip("/") + "/run_code"
if len(sys.argv) > 2:
    root = pathlib.Path(sys.argv[2]) / "verl"
else:
    root = pathlib.Path(importlib.util.find_spec("verl").origin).parent
path = root / "utils" / "reward_score" / "sandbox_fusion" / "utils.py"
spec = importlib.util.spec_from_file_location("sandbox_fusion_utils", path)
client = importlib.util.module_from_spec(spec)
spec.loader.exec_module(client)

SUM_JS = "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b);"
SUM_TS = SUM_JS.replace("const [a, b]", "const [a, b]: number[]")
SUM_PY = "a, b = map(int, input().split())\nprint(a + b)"
pairs = {"inputs": ["1 2\n", "20 22\n", "5 5\n"], "outputs": ["3\n", "42\n", "11\n"]}
one = {"inputs": ["1 2\n"], "outputs": ["3\n"]}
function = {"inputs": ["[1, 2, 3]\n4", "[]\n0"], "outputs": ["10", "0"], "fn_name": "total"}
asserted = {"inputs": ["", ""], "outputs": [None, None], "assert_case": ["assert double(2) == 4", "assert double(2) == 5"]}

# Results per case: True, False, -1 sandbox, -2 runtime error, -3 timeout, -4 does not compile.
cases = [
    ("nodejs", "right and wrong", SUM_JS, pairs, [True, True, False]),
    ("typescript", "right and wrong", SUM_TS, pairs, [True, True, False]),
    ("nodejs", "throws", "throw new Error('no')", one, [-2]),
    ("nodejs", "does not end", "for (;;);", one, [-3]),
    ("nodejs", "does not parse", "const", {"inputs": ["", ""], "outputs": ["", ""]}, [-4, -4]),
    ("nodejs", "100 cases at once", SUM_JS, {"inputs": [f"{i} 1" for i in range(100)], "outputs": [str(i + 1) for i in range(100)]}, [True] * 100),
]
python = [
    ("python", "right and wrong", SUM_PY, pairs, [True, True, False]),
    ("python", "function by name", "def total(xs, y):\n    return sum(xs) + y", function, [True, True]),
    ("python", "assertions", "def double(x):\n    return 2 * x", asserted, [True, -2]),
    ("python", "throws", "raise ValueError('no')", one, [-2]),
    ("python", "does not end", "while True: pass", one, [-3]),
]
languages = sys.argv[3].split(",") if len(sys.argv) > 3 else ["nodejs", "typescript", "python"]

wrong = 0
for language, name, code, in_outs, expected in cases + python:
    if language not in languages:
        continue
    results, metadata = client.check_correctness(url, in_outs, code, timeout=2, memory_limit_mb=256, language=language)
    good = results == expected
    wrong += not good
    print("ok  " if good else "FAIL", language, name, "" if good else f"{results} instead of {expected}: {metadata[0]}")
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
