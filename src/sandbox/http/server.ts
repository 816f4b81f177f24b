import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { refusalOf } from '../../http/guards.ts';
import { assertAddress, listen, type Address, type App } from '../../http/listen.ts';
import { parseJson } from '../../protocol/json.ts';
import type { JudgeResult } from '../../protocol/problem.ts';
import { describeIssues, JudgeJob } from './batch.ts';
import { runCode, RunCodeRequest } from './fusion.ts';
import { Metrics } from './metrics.ts';
import type { SandboxPool } from '../host/pool.ts';
import type { Caller } from '../host/scheduler.ts';
import type { Sandbox } from '../sandbox.ts';

/** Where the server listens and what it allows. */
export interface ServerOptions extends Address {
  sandbox: SandboxPool;
  /** Largest request body, bytes; default 16 MiB. */
  maxBodyBytes?: number;
  /** Programs accepted and not yet answered; beyond it requests get 429. Default 1,024. */
  maxInFlight?: number;
  /** Further pages beside the judge's. */
  extension?: Extension;
}

/** Pages that another part of the program adds: each takes a JSON body by POST. */
export interface Extension {
  paths: readonly string[];
  /** Throws nothing that is the client's fault. */
  answer(path: string, body: unknown, access: JudgeAccess): Promise<Response>;
}

/** What an {@link Extension} may use of the server, for one request. */
export interface JudgeAccess {
  /** Runs programs for the client of this request, for as long as it waits for them. */
  sandbox: Sandbox;
  /** Runs `work` if there is room for `items` more, else answers 429. */
  admitted(items: number, work: () => Promise<Response>): Promise<Response>;
  /** Counts what was done, for /metrics. */
  count(operation: string, domain: string, items: number): void;
}

/** A server that listens. */
export interface SandboxServer {
  url: string;
  port: number;
  /** Refuses new requests, waits up to `graceMs` (default 10,000) for those in flight, then closes. The sandbox stays open. */
  close(graceMs?: number): Promise<void>;
}

type Env = { Bindings: HttpBindings };
type ServerContext = Context<Env>;

const JudgeRequest = z.union([z.strictObject({ jobs: z.array(JudgeJob).min(1).max(10_000) }), JudgeJob]);

/**
 * The judge over HTTP: POST /run_code (Sandbox Fusion's shape), POST /judge (one job or {jobs}), GET /healthz, GET
 * /metrics. Throws BoundaryError of the boundary `usage` for an open address without a token, of `environment` where the
 * port is taken.
 */
export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  assertAddress(options);
  const { host = '127.0.0.1' } = options;
  const app: App = new Hono<Env>();
  const metrics = new Metrics();
  const state = { closing: false };
  addGuards(app, { ...options, host }, metrics, state);
  addRoutes(app, options, metrics);
  const server = await listen(app, options, () => metrics.inFlight);
  return {
    ...server,
    async close(graceMs = 10_000) {
      state.closing = true;
      await server.close(graceMs);
    },
  };
}

function addGuards(
  app: App,
  options: ServerOptions & { host: string },
  metrics: Metrics,
  state: { closing: boolean },
): void {
  const known = new Set(['/run_code', '/judge', '/healthz', '/metrics', ...(options.extension?.paths ?? [])]);
  app.use(async (context, next) => {
    await next();
    metrics.countRequest(known.has(context.req.path) ? context.req.path : 'other', context.res.status);
  });
  app.use(async (context, next) => {
    const refusal = refusalOf(context.env.incoming, options.host, options.token);
    if (refusal !== undefined) {
      return context.json({ error: refusal.error }, refusal.status);
    }
    if (state.closing) {
      return context.json({ error: 'The server is stopping.' }, 503, { 'Retry-After': '5' });
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

function addRoutes(app: App, { sandbox, maxInFlight = 1024, extension }: ServerOptions, metrics: Metrics): void {
  /** Runs `work` if there is room for `programs` more, else answers 429. */
  async function admitted(context: ServerContext, programs: number, work: () => Promise<Response>): Promise<Response> {
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
    const body = await readJson(context);
    if (body === undefined) {
      return context.json({ error: notJson }, 422);
    }
    const parsed = RunCodeRequest.safeParse(body.value);
    if (!parsed.success) {
      return context.json({ error: describeIssues(parsed.error) }, 422);
    }
    const caller = callerOf(context.env);
    return admitted(context, 1, async () => context.json(await runCode(sandbox, parsed.data, caller)));
  });

  app.post('/judge', async (context) => {
    const body = await readJson(context);
    if (body === undefined) {
      return context.json({ error: notJson }, 422);
    }
    const parsed = JudgeRequest.safeParse(body.value);
    if (!parsed.success) {
      return context.json({ error: faultOf(body.value) }, 422);
    }
    const single = !('jobs' in parsed.data);
    const jobs = 'jobs' in parsed.data ? parsed.data.jobs : [parsed.data];
    const caller = callerOf(context.env);
    return admitted(context, jobs.length, async () => {
      const results = await Promise.all(
        jobs.map(async (job) => {
          const result = await judgeJob(sandbox, job, caller);
          metrics.countVerdict(result.verdict);
          return result;
        }),
      );
      return context.json(single ? results[0] : { results });
    });
  });

  for (const path of extension?.paths ?? []) {
    app.post(path, async (context) => {
      const text = await context.req.text();
      let body: unknown;
      try {
        body = JSON.parse(text);
      } catch {
        return context.json({ error: notJson }, 422);
      }
      const access: JudgeAccess = {
        sandbox: sandboxFor(sandbox, callerOf(context.env)),
        admitted: (items, work) => admitted(context, items, work),
        count: (operation, domain, items) => metrics.countItems(operation, domain, items),
      };
      return extension?.answer(path, body, access) ?? context.notFound();
    });
  }
}

/** The sandbox as one client sees it: its programs take turns with those of others, and end when it leaves. */
function sandboxFor(pool: SandboxPool, caller: Caller): Sandbox {
  return {
    counters: pool.counters,
    judge: (job) => pool.judge({ ...job, caller }),
    execute: (job) => pool.execute({ ...job, caller }),
    close: () => Promise.resolve(),
  };
}

/** One job of a request. What stops one from being judged is its result, and nothing to the others. */
async function judgeJob(sandbox: SandboxPool, job: JudgeJob, caller: Caller): Promise<JudgeResult> {
  const { problem, solution, language } = job;
  try {
    return await sandbox.judge({ problem, source: solution, caller, ...(language === undefined ? {} : { language }) });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const message = error instanceof BoundaryError ? `${words} ${error.remedy}` : `the judge failed: ${words}`;
    const tests = problem.tests.map(() => ({ verdict: 'IE' as const, message }));
    return { verdict: 'IE', score: 0, passed: 0, total: tests.length, tests, timeMs: 0, message };
  }
}

/**
 * Whose program it is, and for how long anybody waits for it. Clients on other machines are told apart by their address,
 * those on this one by their connection.
 */
function callerOf({ incoming, outgoing }: HttpBindings): Caller {
  const { socket } = incoming;
  const { remoteAddress } = socket;
  const local = remoteAddress === undefined || /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress);
  const left = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) {
      left.abort();
    }
  });
  return { owner: local ? socket : remoteAddress, signal: left.signal };
}

const notJson = 'The body is not JSON.';

/** Undefined where it is none; a box, because null is. */
async function readJson(context: ServerContext): Promise<{ value: unknown } | undefined> {
  const text = await context.req.text();
  try {
    return { value: parseJson(text) };
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
