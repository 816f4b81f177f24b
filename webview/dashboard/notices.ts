import { html, nothing, type TemplateResult } from 'lit';
import { clearedAlarms, lastingAlarms } from '../../src/view/alarms.ts';
import type { RunView } from '../../src/view/messages.ts';
import { t } from '../texts.ts';
import { icon } from '../ui.ts';

/** Why a run failed, and what its alarms say: those that last, the latest first, and apart from them those that are over. */
export function notices(run: RunView): TemplateResult | typeof nothing {
  const lasting = lastingAlarms(run.alarms);
  const over = clearedAlarms(run.alarms);
  if (!run.error && run.alarms.length === 0 && run.restarts === 0) {
    return nothing;
  }
  return html`<div class="notices" role="status">
    ${
      run.error
        ? html`<p class="notice error">
            ${icon('error')} <span><b>${run.error.message}</b> ${run.error.remedy}</span>
          </p>`
        : nothing
    }
    ${lasting.map(
      ({ since, message }) =>
        html`<p class="notice">${icon('warning')} <span>${t('Since step {0}', since)}: ${message}</span></p>`,
    )}
    ${
      over.length > 0
        ? html`<details>
            <summary>${t('{0} earlier alarms', over.length)}</summary>
            ${over.map(
              ({ since, last, message }) =>
                html`<p class="caption">
                  ${since === last ? t('Step {0}', since) : t('Steps {0} to {1}', since, last)}: ${message}
                </p>`,
            )}
          </details>`
        : nothing
    }
    ${run.restarts > 0 ? html`<p class="caption">${t('Child processes were restarted {0} times.', run.restarts)}</p>` : nothing}
  </div>`;
}
