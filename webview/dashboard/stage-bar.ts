import { html, nothing, type TemplateResult } from 'lit';
import type { RunView, StageView } from '../../src/view/messages.ts';
import { isLive, stageText, stepStages } from '../../src/view/progress.ts';
import { stageWord } from '../../src/view/words.ts';
import { t } from '../texts.ts';

/** Recording is over before anyone could read its name. */
const shownStages = stepStages.filter((stage) => stage !== 'record');

/** The stages of the step in progress; the current one fills. Loading and evaluating stand alone. */
export function stageBar(run: RunView, stage: StageView | null): TemplateResult | typeof nothing {
  if (!isLive(run.state)) {
    return nothing;
  }
  if (!stage) {
    // Keeps the place, so that nothing jumps when the engine tells what it does.
    return html`<div class="stages"><div></div></div>
      <p class="caption"></p>`;
  }
  const place = shownStages.findIndex((name) => name === stage.stage);
  const parts = place < 0 ? [stage.stage] : shownStages;
  const label = `${t('step {0}', stage.step)}: ${stageText(t, stage)}`;
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
                  aria-label=${stageWord(t, name)}
                ></progress>`
              : nothing
          }
          <span>${now ? stageText(t, stage) : stageWord(t, name)}</span>
        </div>`;
      })}
    </div>
    <p class="caption one-line">${stage.stage === 'load' ? nothing : (stage.what ?? nothing)}</p>
  `;
}
