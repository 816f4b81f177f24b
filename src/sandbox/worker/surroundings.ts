import type ivm from 'isolated-vm';
import { bootSource } from '../realm/boot.ts';
import { nodeSource, type NodeRealm, programSource } from '../realm/node/compose.ts';
import type { Calls } from '../realm/calls.ts';
import { maxValueLength, type WorkerJob } from '../wire/messages.ts';
import { libraryNames, type LibraryShelf, wantsNode } from './libraries.ts';
import { Prelude, runPrelude } from './prelude.ts';
import { warmUp } from './warm-up.ts';

const boot = new Prelude(bootSource(maxValueLength.function));
const node = new Prelude(nodeSource());
const program = new Prelude(programSource());
const names = libraryNames.join(',');
/** A worker that lives only for a few programs does not win back what the warm-up costs. */
const programsBeforeWarmUp = 2;
let programs = 0;

/** What Node has and the language has not, by the names of {@link NodeRealm}. */
type NodeParts = (name: keyof NodeRealm) => ivm.Reference;

/** A context with what a whole program may use, before its first line. */
export interface ProgramSurroundings {
  context: ivm.Context;
  node: NodeParts;
}

/** A context with what a function may use, before its first line. */
export interface Surroundings {
  context: ivm.Context;
  calls: (name: keyof Calls) => ivm.Reference;
  /** Undefined where the source mentions nothing of Node. */
  node: NodeParts | undefined;
}

/** Compiles what programs need once; the function that it gives makes a fresh context each time. */
export function prepareProgram(isolate: ivm.Isolate, job: WorkerJob, shelf: LibraryShelf): () => ProgramSurroundings {
  countProgram(shelf);
  const script = program.compile(isolate);
  const loader = shelf.loader(isolate);
  return () => {
    const context = isolate.createContextSync();
    const realm: ivm.Reference = script
      .runSync(context, { reference: true })
      .applySync(undefined, [job.seed, maxValueLength.program, names, loader(context)], {
        result: { reference: true },
      });
    return { context, node: (name) => realm.getSync(name, { reference: true }) };
  };
}

/** The context of a function problem. */
export function prepareFunction(
  isolate: ivm.Isolate,
  job: WorkerJob,
  source: string,
  shelf: LibraryShelf,
): Surroundings {
  countProgram(shelf);
  const context = isolate.createContextSync();
  const made = runPrelude(boot.compile(isolate), context, job.seed);
  const calls = (name: keyof Calls): ivm.Reference => made.getSync(name, { reference: true });
  if (!wantsNode(source)) {
    return { context, calls, node: undefined };
  }
  const realm: ivm.Reference = node
    .compile(isolate)
    .runSync(context, { reference: true })
    .applySync(undefined, [made.derefInto(), 0, names, shelf.loader(isolate)(context)], {
      result: { reference: true },
    });
  return { context, calls, node: (name) => realm.getSync(name, { reference: true }) };
}

function countProgram(shelf: LibraryShelf): void {
  programs += 1;
  if (programs === programsBeforeWarmUp + 1) {
    warmUp({ boot, node, program }, shelf);
  }
}
