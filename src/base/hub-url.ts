/** The Hugging Face hub, or its mirror that HF_ENDPOINT names as for Hugging Face's own tools; without a slash at its end. */
export function hubUrl(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = (env['HF_ENDPOINT'] ?? '').trim();
  const end = [...named].findLastIndex((char) => char !== '/');
  return named.slice(0, end + 1) || 'https://huggingface.co';
}
