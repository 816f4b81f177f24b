import { html, type TemplateResult } from 'lit';
import type { RunView } from '../../src/view/messages.ts';
import { t } from '../texts.ts';

/** Every setting of the run, with its meaning. */
export function configuration({ config, dir, createdAt }: RunView): TemplateResult {
  return html`<details class="card section">
    <summary>${t('Configuration')}</summary>
    <p class="caption">
      ${t('Begun {0} in {1}', new Date(createdAt).toLocaleString(document.documentElement.lang), dir)}
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t('Configuration')}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t('setting')}</th>
            <th scope="col">${t('value')}</th>
            <th scope="col">${t('meaning')}</th>
          </tr>
        </thead>
        <tbody>
          ${config.map(
            ({ name, value, unit, description }) =>
              html`<tr>
                <td><code>${name}</code></td>
                <td class="nowrap">${value} <span class="dim">${unit}</span></td>
                <td>${description}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
