import type ivm from 'isolated-vm';
import { bootSource } from '../realm/boot.ts';
import { nodeSource, type NodeRealm } from '../realm/node/compose.ts';
import type { Calls } from '../realm/calls.ts';
import { maxValueLength, type WorkerJob } from '../wire/messages.ts';
import { type LibraryShelf, wantedBy } from './libraries.ts';
import { Prelude, runPrelude } from './prelude.ts';
import { warmUp } from './warm-up.ts';

const boot = new Prelude(bootSource(maxValueLength.function));
const node = new Prelude(nodeSource());
/** A worker that lives only for a few programs does not win back what the warm-up costs. */
const programsBeforeWarmUp = 2;
let programs = 0;

/** A context with what a solution may use, before its first line. */
export interface Surroundings {
  context: ivm.Context;
  calls: (name: keyof Calls) => ivm.Reference;
  /** Undefined where the source mentions nothing of Node. */
  node: ((name: keyof NodeRealm) => ivm.Reference) | undefined;
}

/** Compiles what the job's source wants once; the function that it gives makes a fresh context each time. */
export function prepare(isolate: ivm.Isolate, job: WorkerJob, source: string, shelf: LibraryShelf): () => Surroundings {
  const wanted = wantedBy(job, source);
  programs += 1;
  if (programs === programsBeforeWarmUp + 1) {
    warmUp(boot, node, shelf);
  }
  const bootScript = boot.compile(isolate);
  const nodeScript = wanted.node ? node.compile(isolate) : undefined;
  const libraries = shelf.compile(isolate, wanted.libraries);
  return () => {
    const context = isolate.createContextSync();
    const made = runPrelude(bootScript, context, job.seed);
    const calls = (name: keyof Calls): ivm.Reference => made.getSync(name, { reference: true });
    if (nodeScript === undefined) {
      return { context, calls, node: undefined };
    }
    const bodies = libraries.flatMap(({ name, script }) => [
      name,
      script.runSync(context, { reference: true }).derefInto({ release: true }),
    ]);
    const maxLength = job.kind === 'program' ? maxValueLength.program : 0;
    const realm: ivm.Reference = nodeScript
      .runSync(context, { reference: true })
      .applySync(undefined, [made.derefInto(), maxLength, ...bodies], { result: { reference: true } });
    return { context, calls, node: (name) => realm.getSync(name, { reference: true }) };
  };
}
