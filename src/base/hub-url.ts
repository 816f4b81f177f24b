/** The Hugging Face hub, or its mirror that HF_ENDPOINT names as for Hugging Face's own tools; without a slash at its end. */
export function hubUrl(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return (env['HF_ENDPOINT'] ?? '').trim().replace(/\/+$/, '') || 'https://huggingface.co';
}
