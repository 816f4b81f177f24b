import { html, type TemplateResult } from 'lit';

const words =
  'async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield';
const keywords = new Set(words.split(' '));

const token =
  /(?<fence>```)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\[\s\S])*`?)|(?<number>\b\d[\d_.]*(?:e[+-]?\d+)?n?\b)|(?<word>[A-Za-z_$][\w$]*)/g;

/** JavaScript or TypeScript with its words coloured as in the debugger of the theme. What is no token stays text. */
export function highlighted(source: string): TemplateResult {
  const parts: (TemplateResult | string)[] = [];
  let end = 0;
  for (const match of source.matchAll(token)) {
    parts.push(source.slice(end, match.index));
    end = match.index + match[0].length;
    parts.push(coloured(match[0], match.groups ?? {}));
  }
  return html`${parts}${source.slice(end)}`;
}

function coloured(text: string, groups: Record<string, string | undefined>): TemplateResult | string {
  const kind = ['comment', 'string', 'number'].find((name) => groups[name] !== undefined);
  if (kind !== undefined) {
    return html`<span class="t-${kind}">${text}</span>`;
  }
  return keywords.has(text) ? html`<span class="t-keyword">${text}</span>` : text;
}
