/** Signs that stand for an ASCII operator: the Unicode minus and dashes, times, dot operators, division. */
const signs: Readonly<Record<string, string>> = {
  '−': '-',
  '–': '-',
  '‐': '-',
  '‑': '-',
  '×': '*',
  '·': '*',
  '⋅': '*',
  '∙': '*',
  '÷': '/',
  '∕': '/',
  '⁄': '/',
  '²': '^2',
  '³': '^3',
  '[': '(',
  ']': ')',
};

const commands: Readonly<Record<string, string>> = { times: '*', cdot: '*', ast: '*', div: '/', left: '', right: '' };

/**
 * Mathematics as people, Unicode and LaTeX write it, in ASCII: `\frac{1}{2} \times 3` -> `((1)/(2)) * 3`. `letters`: an x
 * between numbers is an unknown, else it stands for times. What is not known stays as it is.
 */
export function plainMathematics(text: string, { letters }: { letters: boolean }): string {
  const plain = text
    .replaceAll(/\$|`|\\[()[\]]|\\[,;! ]|\{,\}/g, (match) => (match === '{,}' ? ',' : ' '))
    .replaceAll(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, '(($1)/($2))')
    .replaceAll(/\\([a-z]+)/gi, (match, name: string) => commands[name] ?? match)
    .replaceAll(/[−–‐‑×·⋅∙÷∕⁄²³[\]]/g, (sign) => signs[sign] ?? sign)
    .replaceAll(/\^\s*\{([^{}]*)\}/g, '^($1)')
    .replaceAll('**', '^');
  // 0x10 is no product.
  return letters ? plain : plain.replaceAll(/x(?<=[\d)]\s*x)(?<!(?<![\d.])0x)(?=\s*[\d(])/gi, '*');
}
