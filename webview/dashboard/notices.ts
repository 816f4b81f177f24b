import { html, nothing, type TemplateResult } from 'lit';
import type { RunView } from '../../src/view/messages.ts';
import { t } from '../texts.ts';
import { icon } from '../ui.ts';

/** Why a run failed, and what its alarms say; the latest first. */
export function notices(run: RunView): TemplateResult | typeof nothing {
  const alarms = [...run.alarms].reverse();
  if (!run.error && alarms.length === 0 && run.restarts === 0) {
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
    ${alarms
      .slice(0, 3)
      .map(
        ({ step, message }) =>
          html`<p class="notice">${icon('warning')} <span>${t('Step {0}', step)}: ${message}</span></p>`,
      )}
    ${
      alarms.length > 3
        ? html`<details>
            <summary>${t('{0} more alarms', alarms.length - 3)}</summary>
            ${alarms.slice(3, 100).map(({ step, message }) => html`<p class="caption">${t('Step {0}', step)}: ${message}</p>`)}
          </details>`
        : nothing
    }
    ${run.restarts > 0 ? html`<p class="caption">${t('Child processes were restarted {0} times.', run.restarts)}</p>` : nothing}
  </div>`;
}
