import { readFileSync } from 'node:fs';
import * as z from 'zod';

const SafetyRow = z.strictObject({ id: z.string(), topic: z.string(), unsafe: z.boolean(), statement: z.string() });

/** The labelled statements of data/safety. */
export function readSafetySet(): z.infer<typeof SafetyRow>[] {
  const text = readFileSync(new URL('../../data/safety/statements.jsonl', import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => SafetyRow.parse(JSON.parse(line)));
}
