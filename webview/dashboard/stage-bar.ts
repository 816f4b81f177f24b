import { html, nothing, type TemplateResult } from 'lit';
import { isLive } from '../../src/protocol/run-state.ts';
import { stepStages } from '../../src/protocol/stages.ts';
import type { RunView, StageView } from '../../src/view/messages.ts';
import { t } from '../texts.ts';
import { stageWord } from '../words.ts';

/** Recording is over before anyone could read its name. */
const shownStages = stepStages.filter((stage) => stage !== 'record');

/** The stages of the step that is going on; the current one fills. Loading and evaluating stand alone. */
export function stageBar(run: RunView, stage: StageView | null): TemplateResult | typeof nothing {
  if (!isLive(run.state) || !stage) {
    return nothing;
  }
  const place = shownStages.findIndex((name) => name === stage.stage);
  const parts = place < 0 ? [stage.stage] : shownStages;
  const label = `${t('step {0}', stage.step)}: ${stageWord(stage.stage)}${counted(stage)}`;
  return html`
    <div class="stages" role="group" aria-label=${label}>
      ${parts.map((name, i) => {
        const now = name === stage.stage;
        const done = place > i;
        return html`<div class=${done ? 'done' : now ? 'now' : ''}>
          ${
            now
              ? html`<progress
                  max=${stage.total || 1}
                  .value=${stage.total > 0 ? stage.done : 0}
                  aria-label=${stageWord(name)}
                ></progress>`
              : nothing
          }
          <span>${stageWord(name)}${now ? counted(stage) : ''}</span>
        </div>`;
      })}
    </div>
    ${stage.what ? html`<p class="caption">${stage.what}</p>` : nothing}
  `;
}

function counted({ done, total }: StageView): string {
  return total > 0 ? ` ${done}/${total}` : '';
}
