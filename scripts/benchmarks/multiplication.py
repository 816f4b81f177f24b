"""Writes data/multiplication.csv: the 4,096 multiplications that arXiv 2508.03682 tests on, one `a,b` a line.

The list is that of its published set-up: seed 1, 100,000 draws, distinct triples in the order of a set of tuples of
integers (the same on CPython 3.8 to 3.12), the first 32,768 for training and the last 4,096 for testing.

    python3 scripts/benchmarks/multiplication.py > data/multiplication.csv
"""

import random

DRAWS = 100_000
TRAINING = 32_768
TEST = 4_096


def operand() -> int:
    kind = random.randint(0, 3)
    return random.randint(0, 9 if kind == 0 else 99 if kind == 1 else 999)


def main() -> None:
    random.seed(1)
    triples = set()
    for _ in range(DRAWS):
        a, b = operand(), operand()
        triples.add((a, b, a * b))
    listed = list(triples)
    assert len(listed) >= TRAINING + TEST
    test = listed[-TEST:]
    assert test[0] == (163, 856, 139528), test[0]
    assert test[-1] == (18, 405, 7290), test[-1]
    assert max(product for _, _, product in test) == 963_322
    print("\n".join(f"{a},{b}" for a, b, _ in test))


if __name__ == "__main__":
    main()
