import { fill, type Translate } from '../src/view/translate.ts';

/** Texts of the reader's language, as the host put them into the page (vscode.l10n.bundle). */
const texts = JSON.parse(document.getElementById('texts')?.textContent ?? '{}') as Record<string, string | undefined>;

/** A text with `{0}`, `{1}`, … filled in; English where there is no translation. */
export const t: Translate = (text, ...values) => fill(texts[text] ?? text, values);
