import { BoundaryError } from '../../base/errors.ts';
import { importEurus } from './eurus-import.ts';

/** The import as a separate process: `node import-eurus.js SOURCE OUT LIMIT`. Progress as JSON lines on stdout. */
async function main([source, out, limit]: readonly string[]): Promise<void> {
  if (source === undefined || out === undefined) {
    throw new Error('usage: import-eurus SOURCE OUT [LIMIT]');
  }
  const problems = await importEurus(source, out, limit === undefined ? Infinity : Number(limit), (progress) =>
    process.stdout.write(`${JSON.stringify(progress)}\n`),
  );
  process.stdout.write(`${JSON.stringify({ done: problems })}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const remedy = error instanceof BoundaryError ? `\n${error.remedy}` : '';
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}${remedy}\n`);
  process.exitCode = 1;
});
