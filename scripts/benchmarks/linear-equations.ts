/**
 * Writes data/linear-equations.jsonl (100) and data/linear-equations-400.jsonl (400): systems of two linear equations in
 * two unknowns with integer solutions from -80 to 80, their terms split and thrown on both sides, after the linear
 * equations of OMEGA (arXiv 2506.18880). All random numbers come from one seed: the files are the same every time.
 *
 *     node scripts/benchmarks/linear-equations.ts
 */
import { writeFileSync } from 'node:fs';
import { uniform } from '../../src/base/random.ts';

const seed = 20_260_101;
const sets = [
  { name: 'linear-equations', count: 100 },
  { name: 'linear-equations-400', count: 400 },
] as const;
const letters = Array.from('abcdfghjkmnpqrstuvwxyz');
const largestSolution = 80;
const largestCoefficient = 20;

/** One more random integer from `least` to `most`, both allowed. */
type Draw = (least: number, most: number) => number;

interface Term {
  factor: number;
  unknown: string;
}

function drawFrom(...key: number[]): Draw {
  let position = 0;
  return (least, most) => least + Math.floor(uniform(seed, ...key, position++) * (most - least + 1));
}

/** Parts that add up to `total`, one to three of them, none of them zero. */
function partsOf(total: number, draw: Draw): number[] {
  const parts: number[] = [];
  let rest = total;
  while (parts.length < 2 && draw(0, 2) === 0) {
    const part = draw(-largestCoefficient, largestCoefficient);
    parts.push(part);
    rest -= part;
  }
  return [...parts, rest].filter((part) => part !== 0);
}

function shuffled<T>(items: readonly T[], draw: Draw): T[] {
  return items
    .map((item) => ({ item, rank: draw(0, 1_000_000) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** `4*d - 3*t - 291`; an empty side is 0. */
function printSide(terms: readonly Term[]): string {
  const text = terms.map(({ factor, unknown }, index) => {
    const size = Math.abs(factor);
    const body = unknown === '' ? String(size) : size === 1 ? unknown : `${size}*${unknown}`;
    return index === 0 ? `${factor < 0 ? '-' : ''}${body}` : ` ${factor < 0 ? '-' : '+'} ${body}`;
  });
  return text.join('') || '0';
}

/** `a x + b y = c` with its terms in parts on both sides. */
function printEquation(terms: readonly Term[], draw: Draw): string {
  const parts = terms.flatMap(({ factor, unknown }) =>
    partsOf(factor, draw).map((part) => ({ factor: part, unknown })),
  );
  const sides = shuffled(parts, draw).map((term) => ({ term, isLeft: draw(0, 1) === 0 }));
  const left = sides.filter(({ isLeft }) => isLeft).map(({ term }) => term);
  const right = sides
    .filter(({ isLeft }) => !isLeft)
    .map(({ term: { factor, unknown } }) => ({ factor: -factor, unknown }));
  return `${printSide(left)} = ${printSide(right)}`;
}

function drawQuestion(set: number, index: number): { question: string; answer: string } {
  const draw = drawFrom(set, index);
  const [x = 'x', y = 'y'] = shuffled(letters, draw);
  const values = [draw(-largestSolution, largestSolution), draw(-largestSolution, largestSolution)] as const;
  const coefficient = (): number => draw(-largestCoefficient, largestCoefficient);
  let rows: [number, number][];
  do {
    rows = [
      [coefficient(), coefficient()],
      [coefficient(), coefficient()],
    ];
  } while (determinant(rows) === 0);
  const equations = rows.map(([a, b]) => {
    const terms = [
      { factor: a, unknown: x },
      { factor: b, unknown: y },
      { factor: -(a * values[0] + b * values[1]), unknown: '' },
    ];
    return printEquation(terms, draw);
  });
  const asked = draw(0, 1);
  return {
    question: `Solve ${equations.join(', ')} for ${asked === 0 ? x : y}.`,
    answer: String(asked === 0 ? values[0] : values[1]),
  };
}

function determinant([[a, b] = [0, 0], [c, d] = [0, 0]]: readonly [number, number][]): number {
  return a * d - b * c;
}

sets.forEach(({ name, count }, set) => {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify(drawQuestion(set, index)));
  writeFileSync(new URL(`../../data/${name}.jsonl`, import.meta.url), `${lines.join('\n')}\n`);
});
