import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { describeIssues, JudgeJob } from './batch.ts';
import { runCode, RunCodeRequest } from './fusion.ts';
import { Metrics } from './metrics.ts';
import type { SandboxPool } from '../host/pool.ts';

export interface ServerOptions {
  sandbox: SandboxPool;
  /** 0 = any free one. */
  port: number;
  /** Default 127.0.0.1; another address only together with `token`. */
  host?: string;
  /** When given, every request but /healthz must carry it as `Authorization: Bearer …`. */
  token?: string;
  /** Largest request body, bytes; default 16 MiB. */
  maxBodyBytes?: number;
  /** Programs accepted and not yet answered; beyond it requests get 429. Default 1,024. */
  maxInFlight?: number;
}

export interface SandboxServer {
  url: string;
  port: number;
  /** Refuses new requests, waits up to `graceMs` (default 10,000) for those in flight, then closes. The sandbox stays open. */
  close(graceMs?: number): Promise<void>;
}

const loopback = ['127.0.0.1', '::1', 'localhost'];

const JudgeRequest = z.union([z.strictObject({ jobs: z.array(JudgeJob).min(1).max(10_000) }), JudgeJob]);

/**
 * The judge over HTTP: POST /run_code (Sandbox Fusion's shape), POST /judge (one job or {jobs}), GET /healthz, GET
 * /metrics. Throws BoundaryError of the boundary `usage` for an open address without a token, of `environment` where the
 * port is taken.
 */
export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  const host = options.host ?? loopback[0];
  if (!loopback.includes(host ?? '') && (options.token ?? '') === '') {
    throw new BoundaryError(
      'usage',
      `The address ${host} can be reached by others, and there is no token.`,
      'Give --token SECRET, or leave --host away to serve this machine alone.',
    );
  }
  const app = new Hono();
  const metrics = new Metrics();
  const state = { closing: false };
  addGuards(app, options, metrics, state);
  addRoutes(app, options, metrics);
  const server = await listen(app, options.port, host ?? '127.0.0.1');
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `http://${host?.includes(':') === true ? `[${host}]` : host}:${address.port}`,
    async close(graceMs = 10_000) {
      state.closing = true;
      await closeServer(server, metrics, graceMs);
    },
  };
}

function addGuards(app: Hono, options: ServerOptions, metrics: Metrics, state: { closing: boolean }): void {
  const { token } = options;
  app.use(async (context, next) => {
    await next();
    metrics.countRequest(knownPath(context.req.path), context.res.status);
  });
  app.use(async (context, next) => {
    if (token !== undefined && context.req.path !== '/healthz' && !hasToken(context, token)) {
      return context.json({ error: 'The token is missing or wrong.' }, 401);
    }
    if (state.closing) {
      return context.json({ error: 'The server is stopping.' }, 503, { 'Retry-After': '5' });
    }
    // A page in a browser can send other types across sites without asking.
    const type = context.req.header('content-type') ?? '';
    if (context.req.method === 'POST' && !/^application\/json\b/i.test(type)) {
      return context.json({ error: 'Send application/json.' }, 415);
    }
    return next();
  });
  app.use(
    bodyLimit({
      maxSize: options.maxBodyBytes ?? 16 * 1024 * 1024,
      onError: (context) => context.json({ error: 'The request is too large.' }, 413),
    }),
  );
  app.onError((error, context) => context.json({ error: `The request failed: ${error.message}` }, 500));
  app.notFound((context) => context.json({ error: 'There is no such page.' }, 404));
}

function knownPath(path: string): string {
  return ['/run_code', '/judge', '/healthz', '/metrics'].includes(path) ? path : 'other';
}

/** Compared by hash, so that the time tells nothing. */
function hasToken(context: Context, token: string): boolean {
  const given = context.req.header('authorization') ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(`Bearer ${token}`));
}

function addRoutes(app: Hono, { sandbox, maxInFlight = 1024 }: ServerOptions, metrics: Metrics): void {
  /** Runs `work` if there is room for `programs` more, else answers 429. */
  async function admitted(context: Context, programs: number, work: () => Promise<Response>): Promise<Response> {
    if (metrics.inFlight > 0 && metrics.inFlight + programs > maxInFlight) {
      return context.json({ error: 'Too many programs are waiting.' }, 429, { 'Retry-After': '1' });
    }
    metrics.inFlight += programs;
    try {
      return await work();
    } finally {
      metrics.inFlight -= programs;
    }
  }

  app.get('/healthz', (context) =>
    context.json({ status: 'ok', workers: sandbox.workerPids().length, fences: sandbox.fences }),
  );
  app.get('/metrics', (context) =>
    context.text(metrics.render(sandbox), 200, { 'Content-Type': 'text/plain; version=0.0.4' }),
  );

  app.post('/run_code', async (context) => {
    const parsed = RunCodeRequest.safeParse(await readJson(context));
    if (!parsed.success) {
      return context.json({ error: describeIssues(parsed.error) }, 422);
    }
    return admitted(context, 1, async () => context.json(await runCode(sandbox, parsed.data)));
  });

  app.post('/judge', async (context) => {
    const raw = await readJson(context);
    const parsed = JudgeRequest.safeParse(raw);
    if (!parsed.success) {
      return context.json({ error: faultOf(raw) }, 422);
    }
    const single = !('jobs' in parsed.data);
    const jobs = 'jobs' in parsed.data ? parsed.data.jobs : [parsed.data];
    return admitted(context, jobs.length, async () => {
      const results = await Promise.all(
        jobs.map(async ({ problem, solution, language }) => {
          const result = await sandbox.judge({
            problem,
            source: solution,
            ...(language === undefined ? {} : { language }),
          });
          metrics.countVerdict(result.verdict);
          return result;
        }),
      );
      return context.json(single ? results[0] : { results });
    });
  });
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json<unknown>();
  } catch {
    return undefined;
  }
}

/** The union's own message names no field, so the shape that was meant is checked again by itself. */
function faultOf(raw: unknown): string {
  if (typeof raw !== 'object' || raw === null) {
    return 'The body is not a JSON object.';
  }
  const meant = 'jobs' in raw ? z.strictObject({ jobs: z.array(JudgeJob).min(1).max(10_000) }) : JudgeJob;
  const again = meant.safeParse(raw);
  return again.success ? 'The body is not valid.' : describeIssues(again.error);
}

function listen(app: Hono, port: number, hostname: string): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname }, () => {
      resolve(server);
    });
    server.on('error', (error: Error) => {
      reject(
        new BoundaryError(
          'environment',
          `Port ${port} of ${hostname} cannot be opened: ${error.message}.`,
          'Choose another one with --port N.',
        ),
      );
    });
  });
}

async function closeServer(server: ServerType, metrics: Metrics, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // Connections that a client keeps alive would hold the server open.
  const sweep = setInterval(() => {
    if (metrics.inFlight === 0 && 'closeIdleConnections' in server) {
      server.closeIdleConnections();
    }
  }, 20);
  const force = setTimeout(() => {
    if ('closeAllConnections' in server) {
      server.closeAllConnections();
    }
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}
