import { spawn } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { entryPath } from '../src/base/entries.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { CodingContent } from '../src/domains/coding/content.ts';
import { createSandbox } from '../src/sandbox/host/pool.ts';
import { treeCpuMs } from './cpu-time.ts';
import { median, medianRatio, round } from './measure.ts';

const clients = 64;
/** Answers to one question in a request, as a trainer sends them. */
const answersPerRequest = 16;
const maxInFlight = 512;

/** One round of the pool by itself or of the server. */
export interface DomainRate {
  programs: number;
  programsPerSecond: number;
  /** CPU milliseconds of the pool or the server and all of its workers for one program; null where nobody tells. */
  cpuMsPerProgram: number | null;
}

export interface DomainsBench {
  cpu: string;
  cores: number;
  load: [before: number, after: number];
  /** The same programs given to the pool of this process. */
  pool: DomainRate[];
  /** By the clients of the server, all of which send programs. */
  coding: DomainRate[];
  /** The same, with as many requests of arithmetic (proposals) and of algebra (answers) among them. */
  mixed: DomainRate[];
  /** Requests that were told to come again, and those that got anything but their own answer. */
  busy: number;
  lost: number;
}

/** `selfq bench domains`: programs a second of `selfq serve` for many clients, beside those of the pool by itself. */
export async function domainsTarget(args: {
  has(name: string): boolean;
  integer(name: string, least: number): number | undefined;
}): Promise<{ figures: DomainsBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 3);
  const requests = args.has('quick') ? 128 : 768;
  const before = loadavg()[0] ?? 0;
  const cores = availableParallelism();
  const figures: DomainsBench = {
    ...{ cpu: cpus()[0]?.model.trim() ?? 'unknown', cores, load: [round(before), 0] },
    ...{ pool: [], coding: [], mixed: [], busy: 0, lost: 0 },
  };
  const server = await startServer(cores);
  try {
    const load = await prepareLoad(server.url);
    await serve(server, load, figures, requests / 8, false);
    for (let turn = 0; turn < rounds; turn++) {
      figures.pool.push(await poolRate(load.question, cores, requests * answersPerRequest));
      figures.coding.push(await serve(server, load, figures, requests, false));
      figures.mixed.push(await serve(server, load, figures, requests, true));
    }
  } finally {
    server.stop();
  }
  figures.load[1] = round(loadavg()[0] ?? 0);
  return { figures, lines: describe(figures) };
}

function describe({ pool, coding, mixed, busy, lost, cpu, cores, load }: DomainsBench): string[] {
  const perSecond = (rates: readonly DomainRate[]): number[] => rates.map(({ programsPerSecond }) => programsPerSecond);
  const cpuMs = (rates: readonly DomainRate[]): number[] => rates.map(({ cpuMsPerProgram }) => cpuMsPerProgram ?? NaN);
  const row = (name: string, rates: readonly DomainRate[]): string =>
    `${name}: ${round(median(perSecond(rates)))}/s, ${medianRatio(perSecond(rates), perSecond(pool)).toFixed(2)} x of the ` +
    `pool; ${round(median(cpuMs(rates)))} ms of CPU each, ${medianRatio(cpuMs(rates), cpuMs(pool)).toFixed(2)} x`;
  return [
    `Programs of ten tests a second; ${clients} clients, requests of ${answersPerRequest} answers, ${maxInFlight} in flight.`,
    `the pool by itself: ${round(median(perSecond(pool)))}/s; ${round(median(cpuMs(pool)))} ms of CPU each`,
    row('served', coding),
    row('served, with as many requests of arithmetic and algebra', mixed),
    `${busy} requests were told to come again; ${lost} got no answer, or another than theirs.`,
    `${cpu}, ${cores} cores; load ${load.join(' to ')}`,
  ];
}

interface Load {
  /** A question of the coding domain, and one of algebra. */
  question: unknown;
  algebra: unknown;
}

const settings = {
  coding: { domain: 'coding', minDistinctTests: 2, maxTests: 10, multiplyTests: 0 },
  arithmetic: { domain: 'arithmetic', label: 'majority', answerForm: 'direct' },
  algebra: { domain: 'algebra', label: 'majority' },
};
const right = 'let sum = 0;\n  for (const x of nums) sum += x;\n  return sum;';
const wrong = 'return -1;';

/** Ten tests of a small function: the shape of what self-play judges most. */
const proposal =
  '```js\n/**\n * Given an array of integers nums, return the sum of the numbers in it.\n */\n' +
  `function solve(nums) {\n  ${right}\n}\n\n` +
  Array.from({ length: 10 }, (_, index) => {
    const list = Array.from({ length: index + 3 }, (_unused, item) => item * (index + 1));
    return `console.log(solve(${JSON.stringify(list)}));\n`;
  }).join('');

const story =
  'Problem: A farm has hens and pigs, which have 30 heads and 86 legs in all. How many hens are on the farm?\n' +
  'Find: h\nEquations: h + p = 30; 2*h + 4*p = 86\n\nLet us solve it.';

async function prepareLoad(url: string): Promise<Load> {
  const verified = async (own: object, text: string): Promise<unknown> => {
    const body = JSON.stringify({ settings: own, proposals: [{ id: 'q', text }] });
    const { reply } = await insist(`${url}/domain/verify`, body);
    const [result] = Results.parse(JSON.parse(reply)).results;
    if (result?.['question'] === undefined) {
      throw new Error(`the question of the benchmark was rejected: ${JSON.stringify(result)}`);
    }
    return result['question'];
  };
  return { question: await verified(settings.coding, proposal), algebra: await verified(settings.algebra, story) };
}

const Results = z.object({ results: z.array(z.record(z.string(), z.unknown())) });
const Rewarded = z.object({
  results: z.array(z.object({ grades: z.array(z.array(z.object({ mark: z.string() }))) })),
});

const answerText = (body: string): string => `\`\`\`js\nfunction solve(nums) {\n  ${body}\n}\n\`\`\``;

/** What one request asks, and the marks or ids that have to come back. */
interface Asked {
  path: string;
  body: object;
  programs: number;
  expected: string[];
  found(reply: unknown): string[];
}

const marksOf = (reply: unknown): string[] =>
  Rewarded.parse(reply).results.flatMap(({ grades }) => grades.flat().map(({ mark }) => mark));

/** Answers of coding, all different in their text, every fourth of them wrong. */
function codingRequest({ question }: Load, index: number): Asked {
  const numbers = Array.from({ length: answersPerRequest }, (_, sample) => index * answersPerRequest + sample);
  const isRight = (number: number): boolean => number % 4 !== 0;
  const answers = numbers.map((number) => answerText(`// ${number}\n  ${isRight(number) ? right : wrong}`));
  return {
    path: 'reward',
    body: { settings: settings.coding, items: [{ question, answers: [answers] }] },
    programs: answersPerRequest,
    expected: numbers.map((number) => (isRight(number) ? 'right' : 'wrong')),
    found: marksOf,
  };
}

function arithmeticRequest(_load: Load, index: number): Asked {
  const ids = Array.from({ length: answersPerRequest }, (_, sample) => `${index}.${sample}`);
  const proposals = ids.map((id, sample) => ({ id, text: `Problem: ${index % 1000} + ${10 + sample} * 3` }));
  return {
    path: 'verify',
    body: { settings: settings.arithmetic, proposals },
    programs: 0,
    expected: ids,
    found: (reply) =>
      Results.parse(reply).results.map(({ id, question }) => (question === undefined ? '' : String(id))),
  };
}

function algebraRequest({ algebra }: Load): Asked {
  const answers = Array.from({ length: answersPerRequest }, (_, sample) => `<answer>${sample < 12 ? 17 : 13}</answer>`);
  return {
    path: 'reward',
    body: { settings: settings.algebra, items: [{ question: algebra, answers: [answers] }] },
    programs: 0,
    expected: answers.map((_, sample) => (sample < 12 ? 'right' : 'wrong')),
    found: marksOf,
  };
}

/** `requests` requests of programs by all clients, `mixed` with as many of the other domains. */
async function serve(
  { url, pid }: BenchServer,
  load: Load,
  figures: DomainsBench,
  requests: number,
  mixed: boolean,
): Promise<DomainRate> {
  const turns = mixed ? [codingRequest, arithmeticRequest, codingRequest, algebraRequest] : [codingRequest];
  // Written before and read afterwards: the clients of a trainer are other machines.
  const asked = Array.from({ length: requests * (mixed ? 2 : 1) }, (_, index) => {
    const { body, ...rest } = (turns[index % turns.length] ?? codingRequest)(load, index);
    return { ...rest, body: JSON.stringify(body), reply: '' };
  });
  const waiting = asked.values();
  const [start, cpuBefore] = [performance.now(), treeCpuMs(pid)];
  let programs = 0;
  // Until nothing is left to ask: then some clients still wait for their turn while others have nothing to do.
  let rate: DomainRate | undefined;
  const client = async (): Promise<void> => {
    for (const one of waiting) {
      const { reply, busy } = await insist(`${url}/domain/${one.path}`, one.body);
      figures.busy += busy;
      one.reply = reply;
      programs += one.programs;
    }
    rate ??= rateOf(programs, performance.now() - start, treeCpuMs(pid) - cpuBefore);
  };
  await Promise.all(Array.from({ length: clients }, client));
  figures.lost += asked.filter(
    ({ found, reply, expected }) => found(JSON.parse(reply)).join() !== expected.join(),
  ).length;
  return rate ?? rateOf(programs, Infinity, 0);
}

/** As a trainer does it: comes again when it is told so. Throws BoundaryError where the server fails. */
async function insist(url: string, body: string): Promise<{ reply: string; busy: number }> {
  for (let busy = 0; ; busy++) {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const reply = await response.text();
    if (response.ok) {
      return { reply, busy };
    }
    if (response.status !== 429) {
      throw new BoundaryError('environment', `${url} answered ${response.status}: ${reply}`, 'Measure again.');
    }
    const pauseMs = 1000 * Number(response.headers.get('retry-after')) * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The programs of the same answers a second, without server and domain. */
async function poolRate(question: unknown, workers: number, programs: number): Promise<DomainRate> {
  const { problem } = z.object({ content: CodingContent }).parse(question).content;
  const sandbox = await createSandbox({ workers, canaries: 'none' });
  try {
    const judgeFrom = async (first: number, until: number): Promise<void> => {
      for (let number = first; number < until; number += 2 * workers) {
        const source = `function solve(nums) {\n  // ${number}\n  ${number % 4 === 0 ? wrong : right}\n}`;
        await sandbox.judge({ problem, source });
      }
    };
    const lanes = Array.from({ length: 2 * workers }, (_, lane) => lane);
    await Promise.all(lanes.map((lane) => judgeFrom(lane, 50)));
    // The server is a child of this process, too, and idle.
    const [start, cpuBefore] = [performance.now(), treeCpuMs(process.pid)];
    await Promise.all(lanes.map((lane) => judgeFrom(lane, programs)));
    return rateOf(programs, performance.now() - start, treeCpuMs(process.pid) - cpuBefore);
  } finally {
    await sandbox.close();
  }
}

function rateOf(programs: number, ms: number, cpuMs: number): DomainRate {
  return {
    programs,
    programsPerSecond: round((1000 * programs) / ms),
    cpuMsPerProgram: cpuMs > 0 ? round(cpuMs / programs) : null,
  };
}

interface BenchServer {
  url: string;
  pid: number;
  stop(): void;
}

/** The command line as a process of its own, as a person starts it. */
async function startServer(workers: number): Promise<BenchServer> {
  const options = ['--port', '0', '--workers', String(workers), '--max-in-flight', String(maxInFlight), '--json'];
  const args = ['--no-node-snapshot', entryPath('cli'), 'serve', ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
    return { url, pid: child.pid ?? 0, stop: () => void child.kill('SIGINT') };
  }
  throw new BoundaryError('environment', '`selfq serve` ended before it served.', 'Read what it said above.');
}
