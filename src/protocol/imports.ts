import * as z from 'zod';

/** Why a row of a file was left out of an import; view/words.ts has the words for each. */
export const importReasons = [
  'not_json',
  'too_long',
  'missing_fields',
  'tests_not_json',
  'no_tests',
  'tests_broken',
  'unpaired_tests',
  'test_shape',
  'invalid_name',
  'other_language',
  'mathematics',
  'not_mathematics',
  'no_numeric_answer',
  'several_outputs',
  'foreign_checker',
  'reads_files',
  'invalid_question',
  'duplicate',
  'unknown_format',
] as const;
export const ImportReason = z.enum(importReasons);
export type ImportReason = z.infer<typeof ImportReason>;

/** What became of an import: kept beside its questions, shown after it and in the list of imports. */
export const ImportRecord = z.object({
  /** As which it is evaluated. */
  name: z.string(),
  /** The domain that asks and grades its questions. */
  domain: z.string(),
  /** Names of the formats that its files were read as. */
  formats: z.array(z.string()),
  /** The path, or the name on the hub, that it came from. */
  source: z.string(),
  /** Its questions as JSON lines; a file of the folder of imports. */
  file: z.string(),
  questions: z.number().int(),
  /** Rows that were looked at. */
  rows: z.number().int(),
  /** Rows that were left out, most frequent reason first; `first`: the first of them, `12` or `FILE:12`, from 1. */
  skipped: z.array(z.object({ reason: ImportReason, count: z.number().int(), first: z.array(z.string()) })),
  /** Questions whose tests expect `undefined`, which JSON cannot say: their test code runs as it is. */
  expectUndefined: z.number().int(),
  /** Questions that need the Python judge. */
  python: z.number().int(),
  /** ISO 8601. */
  time: z.string(),
});
export type ImportRecord = z.infer<typeof ImportRecord>;

/** How far an import is. `share` in [0, 1]. */
export interface ImportProgress {
  share: number;
  rows: number;
  questions: number;
}
