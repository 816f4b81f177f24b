import { existsSync } from 'node:fs';
import { cacheDir } from '../../model/cache-dir.ts';
import { catalogue, catalogueEntry, type CatalogueEntry, defaultModelId } from '../../model/catalogue.ts';
import { modelPath } from '../../model/download.ts';
import { fileHash } from '../../model/file-hash.ts';
import { type Arguments, nearestName, usage } from '../arguments.ts';
import { ensureModel } from '../model.ts';
import { table } from '../terminal.ts';

const actions = ['list', 'pull', 'verify'];

/** `selfq models`: what there is, fetching it, checking it. */
export async function models(args: Arguments): Promise<number> {
  const [action = 'list', id] = args.positionals;
  switch (action) {
    case 'list':
      list(args.has('json'));
      return 0;
    case 'pull':
      return pull(id ?? defaultModelId, args);
    case 'verify':
      return verify(id, args.has('json'));
    default: {
      const nearest = nearestName(action, actions);
      throw usage(
        `\`selfq models\` cannot "${action}".`,
        nearest ? `Did you mean ${nearest}?` : `Choose one of ${actions.join(', ')}.`,
      );
    }
  }
}

function list(json: boolean): void {
  const cache = cacheDir();
  const rows = catalogue.map((entry) => {
    const path = modelPath(entry, cache);
    return { ...entry, path, present: existsSync(path), default: entry.id === defaultModelId };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(rows.map(({ wheels: _, ...row }) => row))}\n`);
    return;
  }
  const size = ({ bytes }: CatalogueEntry): string => (bytes === undefined ? '' : `${Math.round(bytes / 1e6)} MB`);
  const lines = rows.map((row) => [
    row.present ? '✔' : ' ',
    row.id + (row.default ? ' (default)' : ''),
    size(row),
    `${row.memoryGiB} GiB`,
    row.licence,
  ]);
  process.stdout.write(`${table([['', 'model', 'size', 'memory', 'licence'], ...lines])}\n`);
}

async function pull(id: string, args: Arguments): Promise<number> {
  const entry = catalogueEntry(id);
  const from = args.text('from');
  const { path } = await ensureModel(entry.id, from === undefined ? {} : { from });
  process.stdout.write(args.has('json') ? `${JSON.stringify({ id: entry.id, path })}\n` : `${path}\n`);
  return 0;
}

/** Hashes what is here anew; a file without a known checksum is only hashed. Returns 1 when one is wrong. */
async function verify(id: string | undefined, json: boolean): Promise<number> {
  const entries = id === undefined ? catalogue : [catalogueEntry(id)];
  let wrong = 0;
  for (const entry of entries) {
    const path = modelPath(entry, cacheDir());
    const sha256 = existsSync(path) ? await fileHash(path) : undefined;
    const state = stateOf(entry, sha256);
    wrong += state === 'wrong' || (state === 'missing' && id !== undefined) ? 1 : 0;
    if (json) {
      process.stdout.write(`${JSON.stringify({ id: entry.id, path, state, sha256: sha256 ?? null })}\n`);
    } else {
      const remedy = state === 'wrong' || state === 'missing' ? `  fetch it: selfq models pull ${entry.id}` : '';
      process.stdout.write(`${entry.id}: ${state}${remedy}\n`);
    }
  }
  return wrong > 0 ? 1 : 0;
}

function stateOf(entry: CatalogueEntry, sha256: string | undefined): 'missing' | 'right' | 'wrong' | 'unknown' {
  if (sha256 === undefined) {
    return 'missing';
  }
  if (entry.sha256 === undefined) {
    return 'unknown';
  }
  return entry.sha256 === sha256 ? 'right' : 'wrong';
}
