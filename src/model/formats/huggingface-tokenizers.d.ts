/**
 * The part of the library that is used here. Its own declarations import each other without file extensions, which
 * TypeScript cannot resolve for Node's modules: everything would be `any`.
 */
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** `tokenizer`: the object in a tokenizer.json; `config`: that in a tokenizer_config.json. */
    constructor(tokenizer: object, config: object);
    encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  }
}
