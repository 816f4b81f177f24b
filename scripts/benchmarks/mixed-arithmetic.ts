/**
 * Writes data/mixed-arithmetic.csv: 1,200 sums, differences and products of two numbers of up to three digits, 400 of each
 * operator, in turn. Every pair of lengths is as frequent as any other, but that two one-digit numbers are left out and
 * nothing becomes negative. All random numbers come from one seed: the file is the same every time.
 *
 *     node scripts/benchmarks/mixed-arithmetic.ts
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { uniform } from '../../src/base/random.ts';

const seed = 20_261_126;
const count = 1200;
const operators = ['+', '-', '*'] as const;
const lengths = [1, 2, 3];
const pairs = lengths.flatMap((left) => lengths.map((right) => [left, right] as const)).slice(1);

const seen = new Set<string>();
while (seen.size < count) {
  const operator = operators[seen.size % operators.length] ?? '+';
  seen.add(drawExpression(operator, seen));
}
const text = [...seen].join('\n') + '\n';
writeFileSync(new URL('../../data/mixed-arithmetic.csv', import.meta.url), text);
process.stdout.write(`${seen.size} expressions, SHA-256 ${createHash('sha256').update(text).digest('hex')}\n`);

/** An expression whose operands are no others' in either order. */
function drawExpression(operator: string, taken: ReadonlySet<string>): string {
  for (let attempt = 0; ; attempt++) {
    const draw = (bound: number, key: number) => Math.floor(uniform(seed, taken.size, attempt, key) * bound);
    const [left, right] = pairs[draw(pairs.length, 0)] ?? [2, 2];
    const first = numberOf(left, (bound) => draw(bound, 1));
    const second = numberOf(right, (bound) => draw(bound, 2));
    const [a, b] = operator === '-' && first < second ? [second, first] : [first, second];
    if (a !== b && !taken.has(`${a} ${operator} ${b}`) && !taken.has(`${b} ${operator} ${a}`)) {
      return `${a} ${operator} ${b}`;
    }
  }
}

/** A number of so many digits, from 2 on. */
function numberOf(digits: number, below: (bound: number) => number): number {
  const least = digits === 1 ? 2 : 10 ** (digits - 1);
  return least + below(10 ** digits - least);
}
