import { join } from 'node:path';
import * as z from 'zod';
import { type Mutant, mutantsOf } from '../domains/coding/mutants.ts';
import { readLines } from './coding.ts';
import { packageFolder } from './package-folder.ts';

/** A mutant of a shipped reference that no test can kill, since it does the same on every input that is allowed. */
export const EquivalentMutant = z.strictObject({
  problem: z.string(),
  mutant: z.string().regex(/^[0-9a-f]{16}$/),
  line: z.number().int().min(1),
  before: z.string(),
  after: z.string(),
  /** Inputs like those of the tests on which it gave what the reference gives (scripts/benchmarks/mutants.ts). */
  inputs: z.number().int().min(0),
  /** Why it is equivalent, where the inputs alone leave a doubt. */
  reason: z.string().optional(),
});
export type EquivalentMutant = z.infer<typeof EquivalentMutant>;

/** Most mutants of one reference, and the seed that draws them. */
const draw = { limit: 25, seed: 1 };

/** The file of the equivalent mutants, sorted by benchmark, problem and place in the reference. */
export const equivalentMutantsFile = (): string => join(packageFolder(), 'data', 'equivalent-mutants.jsonl');

/** The mutants of a reference that the tests of its problem have to kill, unless they are recorded as equivalent. */
export function benchmarkMutants(reference: string): Mutant[] {
  return mutantsOf(reference, draw);
}

/** The recorded equivalent mutants of all shipped benchmarks. Throws BoundaryError('environment') for a damaged file. */
export async function equivalentMutants(): Promise<EquivalentMutant[]> {
  return readLines(equivalentMutantsFile(), EquivalentMutant);
}
