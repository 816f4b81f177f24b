/**
 * The program in an answer: what stands in its fences. Of several blocks the last one that names the entry point
 * counts, since a model that corrects itself does so at the end. An open fence reaches to the end, and an answer
 * without any fence is taken as it is.
 */
export function extractAnswer(answer: string, entry?: string): string {
  const blocks = [...answer.matchAll(/```[^\n`]*\n([\s\S]*?)(?:```|$)/g)].map((match) => (match[1] ?? '').trim());
  if (blocks.length === 0) {
    return answer.includes('```') ? '' : answer.trim();
  }
  const naming = entry === undefined ? blocks : blocks.filter((block) => block.includes(entry));
  return naming.at(-1) ?? blocks.at(-1) ?? '';
}
