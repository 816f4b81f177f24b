import * as z from 'zod';
import { largestFile, readIfPresent, writeFileAtomic } from '../base/files.ts';
import { BoundaryError } from '../base/errors.ts';
import { assertOwnParts, runPaths } from './folder.ts';

/** What a person wrote about a run, for tables and lists: notes.json. Bounded, since a folder may come from anywhere. */
export const RunNotes = z.object({
  /** What the run is called; absent: by what it is about and when it began. */
  name: z.string().max(200).optional(),
  tags: z.array(z.string().min(1).max(40)).max(20).default([]),
  note: z.string().max(2000).default(''),
});
export type RunNotes = z.infer<typeof RunNotes>;

/** The notes of a run; none where there is no file, or one that this program did not write. */
export function readNotes(dir: string): RunNotes {
  const none: RunNotes = { tags: [], note: '' };
  try {
    const text = readIfPresent(runPaths(dir).notes, largestFile.record);
    return text === undefined ? none : (RunNotes.safeParse(JSON.parse(text)).data ?? none);
  } catch {
    return none;
  }
}

/** Changes some of the notes. Throws BoundaryError: 'usage' for what is too long, else as {@link assertOwnParts}. */
export function writeNotes(
  dir: string,
  change: { name?: string | undefined; tags?: string[]; note?: string },
): RunNotes {
  assertOwnParts(dir);
  const parsed = RunNotes.safeParse({ ...readNotes(dir), ...change });
  if (!parsed.success) {
    throw new BoundaryError(
      'usage',
      'These notes are too long.',
      'A name has at most 200 characters, a note 2,000; there may be 20 tags of 40 characters each.',
    );
  }
  writeFileAtomic(runPaths(dir).notes, `${JSON.stringify(parsed.data, null, 2)}\n`);
  return parsed.data;
}

/** Tags from one line, separated by commas; each once, in their order. */
export function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ''))];
}
