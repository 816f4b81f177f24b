import assert from 'node:assert/strict';

/** Seconds that each fuzz test looks for; FUZZ_SECONDS=120 tries more than the ten that find little. */
export const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 10);

/** FUZZ_CASE=NUMBER repeats the case of a failure. */
const repeated = process.env['FUZZ_CASE'];

/** Whether one case is repeated, whose counts say nothing of the others. */
export const isRepeated = repeated !== undefined;

/** Milliseconds of a case; of the processor, so that other programs do not count. */
const caseLimitMs = 2_000;

/** Numbers of cases, until `seconds` are over: at least one; the repeated one alone where there is one. */
export function* fuzzCases(seconds: number): Generator<number> {
  const end = performance.now() + seconds * 1000;
  let index = Number(repeated ?? 0);
  do {
    yield index++;
  } while (!isRepeated && performance.now() < end);
}

/** Starts the clock of a case; the function that it returns fails where the case has taken too long. */
export function limitTime(name: string): () => void {
  const started = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(started);
    assert.ok((user + system) / 1000 < caseLimitMs, `${name}: ${(user + system) / 1000} ms`);
  };
}

/** Runs a case within its time; a slow one once more, since work that a busy machine cuts off is tried again. */
export async function timed(name: string, run: () => Promise<void>): Promise<void> {
  const isInTime = async (): Promise<boolean> => {
    const started = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000 < caseLimitMs;
  };
  assert.ok((await isInTime()) || (await isInTime()), `${name}: more than ${caseLimitMs} ms, twice`);
}

/** A function that fails where the process has grown by `limitBytes` since this call. */
export function limitMemory(limitBytes: number): (name: string) => void {
  const before = process.memoryUsage().rss;
  return (name) => {
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < limitBytes, `${name}: ${Math.round(grown / 1e6)} MB more`);
  };
}
