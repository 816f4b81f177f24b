import { type AsyncBuffer, asyncBufferFromUrl, cachedAsyncBuffer } from 'hyparquet';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { hubUrl } from '../../base/hub-url.ts';
import { parquetFile } from './parquet-file.ts';
import type { RowFile } from './row-file.ts';

/** What a source on the hub begins with: `hub:ORG/NAME`, `hub:ORG/NAME/CONFIG` or `hub:ORG/NAME/CONFIG/SPLIT`. */
export const hubPrefix = 'hub:';

/** Addresses of a data set's parquet files by configuration and split. */
const Listing = z.record(z.string(), z.record(z.string(), z.array(z.url())));
type Listing = z.infer<typeof Listing>;

/**
 * The parquet files of a data set on the Hugging Face hub; they are read in ranges, so that only the needed columns
 * travel. Throws BoundaryError('usage') for a configuration or split that there is not, ('environment') where the hub
 * cannot be read.
 */
export async function hubFiles(source: string): Promise<RowFile[]> {
  const [organisation = '', name = '', config, split] = source.slice(hubPrefix.length).split('/');
  if (!/^[\w.-]+$/.test(organisation) || !/^[\w.-]+$/.test(name)) {
    const remedy = 'Write hub:ORG/NAME, or hub:ORG/NAME/CONFIG/SPLIT.';
    throw new BoundaryError('usage', `"${source}" names no data set of the hub.`, remedy);
  }
  const listing = await list(`${organisation}/${name}`);
  const splits = choose(listing, config, 'configuration', ['default']);
  const urls = choose(splits, split, 'split', ['test', 'train']);
  return urls.map((url, index) =>
    parquetFile(`${source}#${index + 1}`, async () => cachedAsyncBuffer(await remoteFile(url))),
  );
}

/** The named member; without a name the only one, or the first of `usual` that is there. */
function choose<T>(all: Readonly<Record<string, T>>, name: string | undefined, what: string, usual: string[]): T {
  const names = Object.keys(all);
  const chosen = name ?? (names.length === 1 ? names[0] : usual.find((known) => names.includes(known)));
  const found = chosen !== undefined && names.includes(chosen) ? all[chosen] : undefined;
  if (found === undefined) {
    throw new BoundaryError(
      'usage',
      name === undefined ? `The data set has more than one ${what}.` : `The data set has no ${what} "${name}".`,
      `Choose one of ${names.slice(0, 40).join(', ')}: hub:ORG/NAME/CONFIG/SPLIT.`,
    );
  }
  return found;
}

async function list(dataset: string): Promise<Listing> {
  const hub = hubUrl();
  try {
    const answer = await fetch(`${hub}/api/datasets/${dataset}/parquet`);
    if (!answer.ok) {
      throw new Error(`it answered ${answer.status}`);
    }
    return Listing.parse(await answer.json());
  } catch (error) {
    throw unreachable(hub, error);
  }
}

/** A file of the hub; a connection that fails in the middle is no fault of the file. */
async function remoteFile(url: string): Promise<AsyncBuffer> {
  const { host } = new URL(url);
  try {
    const file = await asyncBufferFromUrl({ url });
    return {
      byteLength: file.byteLength,
      slice: async (start, end) => {
        try {
          return await file.slice(start, end);
        } catch (error) {
          throw unreachable(host, error);
        }
      },
    };
  } catch (error) {
    throw unreachable(host, error);
  }
}

function unreachable(hub: string, error: unknown): BoundaryError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  const reason = cause ?? (error instanceof Error ? error.message : String(error));
  return new BoundaryError(
    'environment',
    `The hub at ${hub} cannot be read: ${reason}.`,
    'Set HF_ENDPOINT to a mirror or HTTPS_PROXY to a proxy, or import a file that you have.',
    { cause: error },
  );
}
