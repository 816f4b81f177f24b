import { defineSuites } from './suites.ts';

// @vscode/test-cli brings its own mocha and loads this file as one of tests.
defineSuites();
