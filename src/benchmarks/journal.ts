import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../base/make-folder.ts';
import { appendLine, readJsonLines, writeFileAtomic } from '../base/files.ts';
import { EvaluatedProblem } from '../protocol/records.ts';

/** Which evaluation a journal belongs to. */
export interface JournalOwner {
  /** Hash of all that its answers depend on. */
  key: string;
  /** The evaluation in words, for a person who meets the journal of another one. */
  what: string;
}

const Header = z.object({ type: z.literal('evaluation'), key: z.string(), what: z.string() });
const Entry = z.object({
  type: z.literal('problem'),
  /** Seconds that the evaluation had taken by then. */
  seconds: z.number(),
  problem: EvaluatedProblem,
});
const Line = z.discriminatedUnion('type', [Header, Entry]);

/** The finished problems of an evaluation on disk, so that one that is cut off continues where it was. */
export interface Journal {
  readonly path: string;
  /** By id: what earlier parts of this evaluation finished. */
  readonly problems: ReadonlyMap<string, EvaluatedProblem>;
  /** Seconds that those parts took. */
  readonly seconds: number;
  /** Records a finished problem; on disk when it returns. */
  add(problem: EvaluatedProblem, seconds: number): void;
  /** Deletes the file: the evaluation is complete and recorded elsewhere. */
  remove(): void;
}

/**
 * The journal at `path`, which is begun where there is none. A last line torn by a crash is dropped. `onOther` is told
 * of a file there that is of another evaluation (its description in words) or cannot be read (undefined): if it returns,
 * that file is replaced.
 */
export function openJournal(path: string, owner: JournalOwner, onOther: (what: string | undefined) => void): Journal {
  const known = readOwn(path, owner, onOther);
  const lines = [{ type: 'evaluation', ...owner }, ...known];
  makeFolderSync(dirname(path));
  // Written again as a whole: a torn line would spoil the next one.
  writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return {
    path,
    problems: new Map(known.map(({ problem }) => [problem.id, problem])),
    seconds: known.at(-1)?.seconds ?? 0,
    add: (problem, seconds) => appendLine(path, JSON.stringify({ type: 'problem', seconds, problem })),
    remove: () => rmSync(path, { force: true }),
  };
}

function readOwn(
  path: string,
  { key }: JournalOwner,
  onOther: (what: string | undefined) => void,
): z.infer<typeof Entry>[] {
  if (!existsSync(path)) {
    return [];
  }
  const lines = readLines(path);
  const header = lines?.find((line) => line.type === 'evaluation');
  if (!lines || header?.key !== key) {
    onOther(header?.what);
    return [];
  }
  return lines.filter((line) => line.type === 'problem');
}

/** Undefined where the file is no journal. */
function readLines(path: string): z.infer<typeof Line>[] | undefined {
  try {
    return readJsonLines(path, Line);
  } catch {
    return undefined;
  }
}
