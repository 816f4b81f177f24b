/**
 * Judges the answers of public collections in the sandbox and under real Node and CPython, and prints where they disagree:
 * `node --no-node-snapshot bench/agreement.ts FILE…`. bench/corpora/answers.ts says which files it reads.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, type SandboxPool } from '../src/sandbox/host/pool.ts';
import { type Answer, readAnswers } from './corpora/answers.ts';
import { callsOf } from './corpora/calls.ts';

/** CPU milliseconds of one program; what takes longer is wrong here and there. */
const limits = { timeMs: 20_000, memoryMb: 512 };
/** Milliseconds on the clock under Node or CPython, whose CPU time nobody watches: more, for machines that are busy. */
const patienceMs = 90_000;

interface Verdict {
  passed: boolean;
  why: string;
}

interface Comparison {
  name: string;
  compared: number;
  passed: number;
  disagreements: string[];
}

async function main(paths: readonly string[]): Promise<void> {
  const { answers, unread } = readAnswers(paths);
  const folder = mkdtempSync(join(tmpdir(), 'selfq-agreement-'));
  const sandbox = await createSandbox({ canaries: 'none' });
  try {
    for (const language of ['javascript', 'python'] as const) {
      const chosen = answers.filter((answer) => answer.language === language);
      if (chosen.length > 0) {
        print(await comparePrograms(sandbox, language, chosen, folder));
        print(await compareFunctions(sandbox, language, chosen, folder));
      }
    }
    process.stdout.write(unread === 0 ? '' : `${unread} records of another form were not read.\n`);
  } finally {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whole programs: the answer, then its tests. Right where they end with exit code 0. */
async function comparePrograms(
  sandbox: SandboxPool,
  language: Answer['language'],
  answers: readonly Answer[],
  folder: string,
): Promise<Comparison> {
  return compare(`programs in ${language}`, answers, async ({ source, tests }, index) => {
    const program = `${source}\n${tests}`;
    const run = await sandbox.run({ source: program, stdin: '', language, limits });
    const reference = await runFile(language, program, join(folder, `${language}-${index}`));
    return [
      { passed: run.verdict === 'AC', why: `${run.verdict} ${run.message} ${run.stderr.slice(-300)}` },
      reference,
    ];
  });
}

/** Function problems, made of those assertions that compare a call with a value as JSON has it. */
async function compareFunctions(
  sandbox: SandboxPool,
  language: Answer['language'],
  answers: readonly Answer[],
  folder: string,
): Promise<Comparison> {
  const problems = callsOf(language, answers);
  return compare(`function problems in ${language}`, problems, async ({ problem, source, reference }, index) => {
    const result = await sandbox.judge({ problem, source, language });
    const why = `${result.verdict} ${result.message ?? ''} ${JSON.stringify(result.tests.find(({ verdict }) => verdict !== 'AC'))}`;
    const theirs = await runFile(language, reference, join(folder, `${language}-function-${index}`));
    return [{ passed: result.verdict === 'AC', why }, theirs];
  });
}

async function compare<Item extends { id: string }>(
  name: string,
  items: readonly Item[],
  judge: (item: Item, index: number) => Promise<[ours: Verdict, theirs: Verdict]>,
): Promise<Comparison> {
  const result: Comparison = { name, compared: 0, passed: 0, disagreements: [] };
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, item] = next;
      const [ours, theirs] = await judge(item, index);
      result.compared += 1;
      result.passed += theirs.passed ? 1 : 0;
      if (ours.passed !== theirs.passed) {
        result.disagreements.push(`${item.id}\n    here:  ${ours.why}\n    there: ${theirs.passed} ${theirs.why}`);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return result;
}

function print({ name, compared, passed, disagreements }: Comparison): void {
  const agreed = compared - disagreements.length;
  process.stdout.write(`${name}: ${agreed} of ${compared} judged alike, ${passed} of them right\n`);
  process.stdout.write(disagreements.map((line) => `  ${line}\n`).join(''));
}

function runFile(language: Answer['language'], source: string, path: string): Promise<Verdict> {
  const file = path + (language === 'python' ? '.py' : '.js');
  writeFileSync(file, source);
  const command = language === 'python' ? 'python3' : process.execPath;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-300);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ passed: code === 0, why: stderr }));
  });
}

await main(process.argv.slice(2));
