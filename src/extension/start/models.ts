import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import * as z from 'zod';
import { parseHubName } from '../../model/fetch/hub-name.ts';
import { BoundaryError } from '../../base/errors.ts';
import { ModelRow } from '../../protocol/model-row.ts';
import { formatBytes } from '../../view/format.ts';
import { progressLines } from '../selfq.ts';
import { type Services, runSelfq } from '../services.ts';

/** Models of the catalogue and those that were fetched from the hub, with what is here of them. */
export async function listModels(services: Services): Promise<ModelRow[]> {
  return z.array(ModelRow).parse(JSON.parse(await runSelfq(services, ['models', 'list', '--json'])));
}

/**
 * A model of the catalogue or the hub that is not here is fetched, with progress and Cancel; what was fetched is kept.
 * Throws BoundaryError('model') for a name that means nothing.
 */
export async function ensureModel(services: Services, model: string): Promise<void> {
  const known = (await listModels(services)).find(({ id }) => id === model);
  if (known?.present || (!known && existsSync(model))) {
    return;
  }
  if (!known && !parseHubName(model)) {
    throw new BoundaryError(
      'model',
      vscode.l10n.t('There is no model at {0}.', model),
      vscode.l10n.t('Choose another with Start Self-Questioning, or correct the setting selfQuestioning.model.'),
    );
  }
  const size = known?.bytes ? ` (${formatBytes(known.bytes)})` : '';
  const title = vscode.l10n.t('Fetching {0}', `${known?.title ?? model}${size}`);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => runSelfq(services, ['models', 'pull', model], { token, onLine: progressLines(progress) }),
  );
}
