import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository of the pretended hub. Files of 1,000 bytes and more are kept as large files, as the hub keeps them. */
export interface HubRepository {
  commit: string;
  licence?: string;
  files: Record<string, Buffer>;
}

export interface HubServer {
  url: string;
  repos: Record<string, HubRepository>;
  /** `path range` of each request for content, in order. */
  fetched: string[];
  /** Bytes of each reply with content after which the connection is cut. */
  breakAfter: number | undefined;
  /** Content of this file comes with its first byte changed. */
  corrupted: string | undefined;
  close(): Promise<void>;
}

/**
 * A server on this machine that answers as the Hugging Face hub does: model information, list of files, and their
 * content, of large files by a redirection to another address (https://huggingface.co/docs/hub/api).
 */
export async function startHub(): Promise<HubServer> {
  const hub: HubServer = {
    url: '',
    repos: {},
    fetched: [],
    breakAfter: undefined,
    corrupted: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '', hub.url);
  const info = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/main$/.exec(pathname);
  const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/(\w+)$/.exec(pathname);
  const content = /^\/([^/]+\/[^/]+)\/resolve\/(\w+)\/(.+)$/.exec(pathname);
  const stored = /^\/cdn\/([^/]+\/[^/]+)\/(.+)$/.exec(pathname);
  const repo = hub.repos[(info ?? tree ?? content ?? stored)?.[1] ?? ''];
  if (!repo) {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"Invalid username or password."}');
  } else if (info) {
    const { commit: sha, licence } = repo;
    json(response, { _id: 'x', id: info[1], sha, cardData: licence === undefined ? {} : { license: licence } });
  } else if (tree) {
    json(response, tree[2] === repo.commit ? Object.entries(repo.files).map(treeEntry) : []);
  } else if (content) {
    resolve(hub, repo, content[1] ?? '', content[3] ?? '', request, response);
  } else {
    const path = stored?.[2] ?? '';
    send(hub, path, repo.files[path] ?? Buffer.alloc(0), request, response);
  }
}

const isLarge = (file: Buffer): boolean => file.length >= 1_000;
const sha256 = (file: Buffer): string => createHash('sha256').update(file).digest('hex');
const gitName = (file: Buffer): string => createHash('sha1').update(`blob ${file.length}\0`).update(file).digest('hex');

function treeEntry([path, file]: [string, Buffer]): object {
  const entry = { type: 'file', path, size: file.length, oid: gitName(file) };
  return isLarge(file) ? { ...entry, lfs: { oid: sha256(file), size: file.length, pointerSize: 134 } } : entry;
}

function resolve(
  hub: HubServer,
  { files, commit }: HubRepository,
  name: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const file = files[path];
  if (!file) {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    return;
  }
  const etag = `"${isLarge(file) ? sha256(file) : gitName(file)}"`;
  if (!isLarge(file)) {
    send(hub, path, file, request, response, etag);
    return;
  }
  const linked = { 'x-linked-etag': etag, 'x-linked-size': file.length, 'x-repo-commit': commit };
  if (request.headers.accept?.includes('application/vnd.xet-fileinfo+json')) {
    const links = ['xet-auth', 'xet-reconstruction-info'].map((rel) => `<${hub.url}/xet>; rel="${rel}"`).join(', ');
    const type = 'application/vnd.xet-fileinfo+json';
    response.writeHead(200, { ...linked, 'content-type': type, 'x-xet-hash': 'a'.repeat(64), link: links }).end('{}');
    return;
  }
  response.writeHead(302, { ...linked, location: `${hub.url}/cdn/${name}/${path}` }).end();
}

function send(
  hub: HubServer,
  path: string,
  file: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  etag = '"cdn"',
): void {
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from);
  const end = to === '' ? file.length - 1 : Number(to);
  if (to === '') {
    hub.fetched.push(`${path} ${start}`);
  }
  const wanted = Buffer.from(file.subarray(start, end + 1));
  if (hub.corrupted === path && start === 0 && wanted.length > 0) {
    wanted[0]! ^= 0xff;
  }
  const head = { etag, 'content-length': wanted.length, 'content-range': `bytes ${start}-${end}/${file.length}` };
  response.writeHead(206, head);
  if (hub.breakAfter === undefined || wanted.length <= hub.breakAfter || to !== '') {
    response.end(wanted);
    return;
  }
  // Cut only once the bytes are on their way.
  response.write(wanted.subarray(0, hub.breakAfter), () => setTimeout(() => response.destroy(), 30));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
