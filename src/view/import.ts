import type { ImportRecord } from '../protocol/imports.ts';
import type { Translate } from './translate.ts';
import { importReasonWord } from './words.ts';

/** What an import came to, line by line: how many questions, what they expect, why rows were left out. */
export function importText(t: Translate, record: ImportRecord): string[] {
  const { name, questions, rows, formats, skipped, expectUndefined } = record;
  return [
    t('{0}: {1} questions of {2} rows ({3}).', name, questions, rows, formats.join(', ')),
    ...(expectUndefined > 0
      ? [t('{0} of them expect undefined, which JSON cannot say: their own test code judges that.', expectUndefined)]
      : []),
    ...(skipped.length > 0 ? [t('Left out:')] : []),
    ...skipped.map(({ reason, count, first }) => {
      const places = `${first.join(', ')}${count > first.length ? ', …' : ''}`;
      return `  ${count} × ${importReasonWord(t, reason)} (${t('rows {0}', places)})`;
    }),
  ];
}
