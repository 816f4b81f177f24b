import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import { latestCheckpoint } from '../../run/checkpoint.ts';
import { holdsRun } from '../../run/folder.ts';
import { modelWord } from '../../view/run-name.ts';
import { contextKeys } from '../contributions.ts';
import { modelOf, type RunEntry } from '../run-store.ts';
import type { Services } from '../services.ts';
import type { Policy } from './server.ts';

const stateKey = 'modelInUse';

/** As it is kept in the workspace's state. */
const Choice = z.object({ model: z.string(), device: z.string(), dir: z.string().optional() });

/** The model that chat, completion and the comparison of answers use in this workspace: a run's, or a base model alone. */
export class ModelInUse implements vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #policy: Policy | undefined;

  /** Another model is in use, or none; or the run of the one in use was renamed, trained on or deleted. */
  readonly onDidChange = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    const { data } = Choice.safeParse(services.context.workspaceState.get(stateKey));
    this.#policy = data && { model: data.model, device: data.device, ...optional('dir', data.dir) };
    this.#subscription = services.store.onDidChange(() => this.#policy && this.#changed.fire());
    this.#tellContext();
  }

  /** What is in use, whether or not its run is still there. */
  get chosen(): Policy | undefined {
    return this.#policy;
  }

  /** What is in use, undefined where nothing is. Throws BoundaryError('run') where its run is gone. */
  get policy(): Policy | undefined {
    const gone = this.gone;
    if (gone !== undefined) {
      throw new BoundaryError(
        'run',
        vscode.l10n.t('The run whose model is in use is gone: {0}.', gone),
        vscode.l10n.t('Choose another one with the command Use This Model.'),
      );
    }
    return this.#policy;
  }

  /** What its base model is served by, which does not need the run: it is there also where that is gone. */
  get basePolicy(): Policy | undefined {
    if (!this.#policy || this.gone === undefined) {
      return this.#policy;
    }
    const { model, device } = this.#policy;
    return { model, device };
  }

  /** Folder of the run whose model is in use, where it has been deleted. */
  get gone(): string | undefined {
    const dir = this.#policy?.dir;
    return dir === undefined || holdsRun(dir) ? undefined : dir;
  }

  /** What the model in use is called: its run, or the base model. */
  get name(): string {
    const { model = '', dir } = this.#policy ?? {};
    return dir === undefined ? modelWord(model) : (this.#services.store.find(dir)?.name ?? basename(dir));
  }

  /** The step after which the run's model was kept last; undefined for a base model and where it cannot be told. */
  get step(): number | undefined {
    const dir = this.#policy?.dir;
    try {
      return dir === undefined ? undefined : latestCheckpoint(dir)?.step;
    } catch {
      return undefined;
    }
  }

  /** Takes another model into use; undefined: none. */
  choose(policy: Policy | undefined): void {
    this.#policy = policy;
    void this.#services.context.workspaceState.update(stateKey, policy);
    this.#tellContext();
    this.#changed.fire();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #tellContext(): void {
    void vscode.commands.executeCommand('setContext', contextKeys.modelInUse, this.#policy !== undefined);
  }
}

/** The policy of a run: its model with what it was trained to. */
export function policyOf(entry: RunEntry): Policy {
  return { ...basePolicyOf(entry), dir: entry.dir };
}

/** The policy of a run before it was trained. */
export function basePolicyOf(entry: RunEntry): Policy {
  return { model: modelOf(entry), device: String(entry.run.config['device'] ?? 'cpu') };
}
