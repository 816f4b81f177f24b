// A benchmark of isolated-vm itself.
// eslint-disable-next-line no-restricted-imports
import ivm from 'isolated-vm';

/**
 * Child of bench/sandbox.ts. Arguments: count, source, inputs as JSON. Measures all programs in one context of one isolate,
 * and, as the least that a fresh isolate for each program costs, as many isolates in which nothing runs.
 */
const [count = '0', source = '', tests = '[]'] = process.argv.slice(2);
const inputs = JSON.parse(tests) as string[];

function measure(run: () => void): { seconds: number; cpuMs: number } {
  const start = performance.now();
  const before = process.cpuUsage();
  for (let program = 0; program < Number(count); program += 1) {
    run();
  }
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpuMs: (user + system) / 1000 };
}

const isolate = new ivm.Isolate({ memoryLimit: 64 });
const context = isolate.createContextSync();
const call = context.evalSync('(target, text) => JSON.stringify(target(...JSON.parse(text)))', { reference: true });
const sharedContext = measure(() => {
  isolate.compileScriptSync(source).runSync(context, { timeout: 1000, release: true });
  const entry = isolate.compileScriptSync('solve').runSync(context, { reference: true });
  for (const input of inputs) {
    call.applySync(undefined, [entry.derefInto(), input], { timeout: 1000 });
  }
});
const emptyIsolate = measure(() => {
  const empty = new ivm.Isolate({ memoryLimit: 64 });
  empty.createContextSync();
  empty.dispose();
});
process.stdout.write(JSON.stringify({ sharedContext, emptyIsolate }));
