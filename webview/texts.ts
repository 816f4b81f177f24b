/** Texts of the reader's language, as the host put them into the page (vscode.l10n.bundle). */
const texts = JSON.parse(document.getElementById('texts')?.textContent ?? '{}') as Record<string, string | undefined>;

/** A text with `{0}`, `{1}`, … filled in; English where there is no translation. */
export function t(text: string, ...values: (string | number)[]): string {
  return (texts[text] ?? text).replaceAll(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}
