import { BoundaryError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { type Format, missingColumns } from './format.ts';
import { answered } from './formats/answered.ts';
import { codeContests } from './formats/code-contests.ts';
import { eurus, eurusMathematics } from './formats/eurus.ts';
import { humanEval } from './formats/humaneval.ts';
import { mbpp } from './formats/mbpp.ts';
import { multiplE } from './formats/multipl-e.ts';
import { problems } from './formats/problems.ts';

/** Every format that can be imported; a file is of the first whose columns it has. */
export const formats: readonly Format[] = [
  eurus,
  eurusMathematics,
  multiplE,
  humanEval,
  mbpp,
  codeContests,
  problems,
  answered,
];

/** The format of that name; undefined for `auto`. Throws BoundaryError('usage') for a name that there is not. */
export function namedFormat(name: string | undefined): Format | undefined {
  if (name === undefined || name === 'auto') {
    return undefined;
  }
  const format = formats.find((known) => known.name === name);
  if (!format) {
    const names = ['auto', ...formats.map((known) => known.name)];
    const nearest = nearestName(name, names);
    throw new BoundaryError(
      'usage',
      `There is no format "${name}".`,
      nearest === undefined ? `Choose one of ${names.join(', ')}.` : `Did you mean ${nearest}?`,
    );
  }
  return format;
}

/** The format of a file by its columns; undefined where none has them all. */
export function recognise(columns: readonly string[]): Format | undefined {
  return formats.find((format) => !format.onlyByName && missingColumns(format, columns).length === 0);
}
