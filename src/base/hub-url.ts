/** The Hugging Face hub, or its mirror that HF_ENDPOINT names as for Hugging Face's own tools; without a slash at its end. */
export function hubUrl(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = (env['HF_ENDPOINT'] ?? '').trim();
  let end = named.length;
  while (named.charAt(end - 1) === '/') {
    end--;
  }
  return named.slice(0, end) || 'https://huggingface.co';
}
