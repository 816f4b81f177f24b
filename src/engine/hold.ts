import type { HeldBy } from '../protocol/records.ts';
import type { Gate } from './gate.ts';
import type { LiveRun } from './live-run.ts';
import { log } from './log.ts';

/**
 * Waits as long as the run is held by its setting `runWhen`, paused with that as its reason; then its state is what it was.
 * A person who resumes it all the same is not asked again. `checkMs`: how often it looks whether the run may continue, milliseconds.
 */
export function createHold(
  live: Pick<LiveRun, 'record' | 'update'>,
  gate: Gate,
  heldNow: () => Promise<HeldBy | undefined>,
  checkMs = 15_000,
): () => Promise<void> {
  let overruled = false;
  return async () => {
    const { state } = live.record;
    let held = overruled ? undefined : await heldNow();
    if (held === undefined) {
      return;
    }
    while (held !== undefined) {
      if (live.record.held !== held) {
        log(`the run is held: ${held}`);
        live.update({ state: 'paused', held });
      }
      overruled = await gate.wait(checkMs);
      held = overruled ? undefined : await heldNow();
    }
    live.update({ state, held: null });
  };
}
