import { type MachineMemory, machineMemory, gb, memoryNeed } from '../../engine/memory.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import { catalogue, defaultModelId } from '../../model/catalogue.ts';
import { listHubModels } from '../../model/fetch/hub-model.ts';
import { chooseModel, type ModelStatus, modelStatus, verifyModel } from '../../model/installed.ts';
import { readModelConfig } from '../../model/open.ts';
import type { ModelRow } from '../../protocol/model-row.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { type Arguments, usage } from '../arguments.ts';
import { ensureModel } from '../model.ts';
import { paint, table } from '../terminal.ts';

const actions = ['list', 'pull', 'verify'];

/** `selfq models`: what there is, fetching it, checking it. */
export async function models(args: Arguments): Promise<number> {
  const [action = 'list', id] = args.positionals;
  switch (action) {
    case 'list':
      await list(args.has('json'));
      return 0;
    case 'pull':
      return pull(id ?? defaultModelId, args);
    case 'verify':
      return verify(id, args.has('json'));
    default: {
      const nearest = nearestName(action, actions);
      throw usage(
        `\`selfq models\` cannot "${action}".`,
        nearest ? `Did you mean ${nearest}?` : `Choose one of ${actions.join(', ')}.`,
      );
    }
  }
}

async function list(json: boolean): Promise<void> {
  const rows = [...(await catalogueRows()), ...(await hubRows())];
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const machine = machineMemory();
  const signs = { ready: '✔', partial: '…', wrong: '✘', absent: ' ' };
  const lines = rows.map((row) => [
    signs[row.state],
    row.id + (row.default ? ' (default)' : ''),
    row.bytes === null ? '' : gb(row.bytes),
    marked(row.memory.run, machine),
    marked(row.memory.generation, machine),
    row.licence,
  ]);
  process.stdout.write(`${table([['', 'model', 'size', 'run', 'generate', 'licence'], ...lines])}\n`);
  process.stdout.write(
    `run, generate: memory with the default settings; here ${gb(machine.available)} of ${gb(machine.total)} are free.\n` +
      'Any other: `selfq models pull ORG/NAME` (safetensors) or ORG/NAME/FILE.gguf from the Hugging Face hub.\n',
  );
}

function marked(bytes: number, { available }: MachineMemory): string {
  return bytes > available ? paint('yellow', `${gb(bytes)} !`) : gb(bytes);
}

async function catalogueRows(): Promise<ModelRow[]> {
  const config = resolveConfig('quick', {});
  return Promise.all(
    catalogue.map(async (entry) => {
      const status = await modelStatus(chooseModel(entry.id, cacheDir()));
      return {
        ...rowOf(status, entry.title, entry.licence),
        default: entry.id === defaultModelId,
        bytes: entry.bytes ?? (status.state === 'ready' ? status.bytes : null),
        memory: {
          run: memoryNeed(entry.config, config, 'run'),
          generation: memoryNeed(entry.config, config, 'generation'),
        },
      };
    }),
  );
}

async function hubRows(): Promise<ModelRow[]> {
  const config = resolveConfig('quick', {});
  const rows: ModelRow[] = [];
  for (const { id, licence } of await listHubModels(cacheDir())) {
    const status = await modelStatus(chooseModel(id, cacheDir()));
    const decoder = await readModelConfig(status.model.path).catch(() => undefined);
    const need = (use: 'run' | 'generation'): number => (decoder ? memoryNeed(decoder, config, use) : 0);
    rows.push({
      ...rowOf(status, id, licence ?? 'not stated'),
      bytes: status.bytes,
      memory: { run: need('run'), generation: need('generation') },
    });
  }
  return rows;
}

function rowOf({ model, state }: ModelStatus, title: string, licence: string): Omit<ModelRow, 'bytes' | 'memory'> {
  return { id: model.id, title, path: model.path, state, present: state === 'ready', default: false, licence };
}

async function pull(id: string, args: Arguments): Promise<number> {
  const from = args.text('from');
  const model = chooseModel(id, cacheDir());
  if (!model.entry && !model.hub) {
    const nearest = nearestName(
      id,
      catalogue.map((entry) => entry.id),
    );
    throw usage(
      `"${id}" is neither a model of the catalogue nor a name of the hub (ORG/NAME).`,
      nearest ? `Did you mean ${nearest}?` : '`selfq models list` shows the catalogue.',
    );
  }
  const { path } = await ensureModel(id, from === undefined ? {} : { from });
  process.stdout.write(args.has('json') ? `${JSON.stringify({ id, path })}\n` : `${path}\n`);
  return 0;
}

/** Hashes what is here again; a file without a known checksum is only hashed. Returns 1 when one is wrong. */
async function verify(id: string | undefined, json: boolean): Promise<number> {
  const fetched = [
    ...catalogue.map((entry) => entry.id),
    ...(await listHubModels(cacheDir())).map((model) => model.id),
  ];
  let wrong = 0;
  for (const name of id === undefined ? fetched : [id]) {
    const status = await verifyModel(chooseModel(name, cacheDir()));
    const state = stateOf(status);
    wrong += state === 'wrong' || (state === 'missing' && id !== undefined) ? 1 : 0;
    const { path } = status.model;
    if (json) {
      process.stdout.write(`${JSON.stringify({ id: name, path, state, sha256: status.sha256 ?? null })}\n`);
    } else {
      const remedy = state === 'wrong' || state === 'missing' ? `  fetch it: selfq models pull ${name}` : '';
      process.stdout.write(`${name}: ${state}${status.problem ? ` (${status.problem})` : ''}${remedy}\n`);
    }
  }
  return wrong > 0 ? 1 : 0;
}

/** `unknown`: nothing says what the checksum should be. */
function stateOf({ state, model }: ModelStatus): 'missing' | 'right' | 'wrong' | 'unknown' {
  if (state !== 'ready') {
    return state === 'wrong' ? 'wrong' : 'missing';
  }
  return model.entry?.sha256 !== undefined || model.hub ? 'right' : 'unknown';
}
