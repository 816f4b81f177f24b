/** A line of engine.log, to which standard error is connected. A full disk must not end the run here, of all places. */
export function log(line: string): void {
  try {
    process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  } catch {
    // The records say what happened too.
  }
}
