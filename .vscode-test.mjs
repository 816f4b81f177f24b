// For those whose network reaches the download of VS Code: `npm run test:desktop` runs the tests of the extension host
// in a desktop VS Code. `npm test` needs no such download: scripts/in-host.mjs brings a VS Code server.
export default {
  files: 'dist/in-host/desktop.cjs',
  version: 'stable',
  launchArgs: ['--disable-extensions'],
};
