import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { html, nothing, type TemplateResult } from 'lit';

/**
 * The native look: the only module that knows the component library. Everything else of the pages is plain HTML and SVG
 * in the colours of the theme.
 */

export interface ButtonOptions {
  icon?: string;
  primary?: boolean;
  disabled?: boolean;
}

/** A button of the editor's look; `icon` is a codicon's name. */
export function button(
  label: string,
  act: () => void,
  { icon, primary, disabled }: ButtonOptions = {},
): TemplateResult {
  return html`<vscode-button ?secondary=${!primary} ?disabled=${disabled ?? false} icon=${icon ?? nothing} @click=${act}
    >${label}</vscode-button
  >`;
}

/** Why a page has nothing to show. */
export interface Failure {
  message: string;
  remedy: string;
}

/** All that a page shows that has failed. */
export function failureView({ message, remedy }: Failure): TemplateResult {
  return html`<p role="alert">${message} ${remedy}</p>`;
}

/** A mark beside a text; not read out. */
export function icon(name: string, className = ''): TemplateResult {
  return html`<span class="codicon codicon-${name} ${className}" aria-hidden="true"></span>`;
}
