/** Columns and rows of a figure's data. */
interface Table {
  columns: readonly string[];
  rows: readonly (readonly (string | number | null)[])[];
}

/** The table as comma-separated values with the quoting of RFC 4180. */
export function csvOf({ columns, rows }: Table): string {
  const cell = (value: string | number | null): string => {
    const text = String(value ?? '');
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** The table as an array of objects. */
export function jsonOf({ columns, rows }: Table): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

const properties = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-size',
  'font-family',
  'text-anchor',
];

/** The picture as a separate file: colours and fonts of the theme are written into it. */
export function svgOf(picture: SVGSVGElement | null): string {
  if (!picture) {
    return '';
  }
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const originals = picture.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((element, index) => {
    const style = getComputedStyle(originals[index]!);
    properties.forEach((name) => element.setAttribute(name, style.getPropertyValue(name)));
    element.removeAttribute('class');
  });
  copy.removeAttribute('aria-hidden');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('style', `background:${getComputedStyle(document.body).backgroundColor}`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${copy.outerHTML.replaceAll(/<!--.*?-->/g, '')}\n`;
}
