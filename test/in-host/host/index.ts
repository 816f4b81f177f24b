import Mocha from 'mocha';
import { defineSuites } from './suites.ts';

/** What VS Code calls inside its extension host (`extensionTestsPath`). Rejects when a test failed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  defineSuites();
  const failures = await new Promise<number>((done) => mocha.run(done));
  if (failures > 0) {
    throw new Error(`${failures} tests failed in the extension host.`);
  }
}
