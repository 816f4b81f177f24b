// For those whose network reaches the download of VS Code: `npm run test:desktop` runs the tests of the extension host
// in a desktop VS Code. `npm test` needs no such download: scripts/in-host.mjs brings a VS Code server.
import { createWorkplace, environment } from './test/support/whole-program.ts';

const place = await createWorkplace();
process.once('exit', () => place.remove());
const { model, overrides } = place;

export default {
  files: 'dist/in-host/desktop.cjs',
  version: 'stable',
  launchArgs: ['--disable-extensions'],
  env: { ...environment(place), SELFQ_TEST_START: JSON.stringify({ model, overrides }) },
};
