// A benchmark of isolated-vm itself.
// eslint-disable-next-line no-restricted-imports
import ivm from 'isolated-vm';

/** Child of bench/sandbox.ts: all programs in one context of one isolate. Arguments: count, source, inputs as JSON. */
const [count = '0', source = '', tests = '[]'] = process.argv.slice(2);
const inputs = JSON.parse(tests) as string[];
const isolate = new ivm.Isolate({ memoryLimit: 64 });
const context = isolate.createContextSync();
const call = context.evalSync('(target, text) => JSON.stringify(target(...JSON.parse(text)))', { reference: true });

const start = performance.now();
const cpuBefore = process.cpuUsage();
for (let program = 0; program < Number(count); program += 1) {
  isolate.compileScriptSync(source).runSync(context, { timeout: 1000, release: true });
  const entry = isolate.compileScriptSync('solve').runSync(context, { reference: true });
  for (const input of inputs) {
    call.applySync(undefined, [entry.derefInto(), input], { timeout: 1000 });
  }
}
const { user, system } = process.cpuUsage(cpuBefore);
process.stdout.write(JSON.stringify({ seconds: (performance.now() - start) / 1000, cpuMs: (user + system) / 1000 }));
