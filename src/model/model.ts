/** The architectures that can be run, as GGUF files and config.json name them. */
export const architectures = ['qwen2', 'qwen3', 'llama'] as const;

/** Shape of a decoder-only transformer of the qwen / llama family. Sizes in elements. */
export interface DecoderConfig {
  architecture: (typeof architectures)[number];
  layers: number;
  hidden: number;
  /** Width of the gated feed-forward layer. */
  ffn: number;
  heads: number;
  kvHeads: number;
  headSize: number;
  /** Rows of the embedding, padding rows included. */
  vocabulary: number;
  ropeBase: number;
  /** Llama 3: the inverse rotary frequency i is divided by `ropeFactors[i]`, headSize / 2 of them. Absent: by 1. */
  ropeFactors?: readonly number[];
  rmsEpsilon: number;
  /** Longest sequence that the model was trained on, tokens. */
  contextLength: number;
  /** Whether q, k and v have biases (qwen2 does). */
  attentionBias: boolean;
  /** Whether each head of q and k is normalised before it is rotated (qwen3 does). */
  headNorm: boolean;
  /** The head is the embedding: there is no tensor `lm_head.weight`. */
  tiedEmbedding: boolean;
}

/** Text of tokens that arrive one by one: the bytes of an unfinished character wait for the rest. */
export interface TextStream {
  /** The text that this token completes; may be empty. */
  push(id: number): string;
  /** What is left at the end: U+FFFD for an unfinished character, else empty. */
  end(): string;
}

/** Turns text into token ids and back. Special tokens in the text are recognised. */
export interface Tokenizer {
  /** Ids of the text itself, for a rendered conversation: its template writes the special tokens. */
  encode(text: string): number[];
  /** Ids of a bare text with the special tokens that the tokenizer puts around it, such as one that begins a text. */
  encodeText(text: string): number[];
  /** Special tokens appear as their text; ids without text (padding rows of the embedding) as nothing. */
  decode(ids: readonly number[]): string;
  stream(): TextStream;
  /** The text with its chat template applied, generation header included; `prefill` is appended to it. */
  renderChat(messages: readonly { role: string; content: string }[], prefill?: string): string;
  /** Ids that end a completion (end of turn, end of text). */
  readonly endIds: readonly number[];
}

/**
 * An opened model file. Tensors have the names and layouts of Hugging Face checkpoints, whatever the file calls them:
 * `model.embed_tokens.weight` [vocabulary, hidden], `lm_head.weight` [vocabulary, hidden], `model.norm.weight`,
 * `model.layers.N.{input_layernorm,post_attention_layernorm}.weight`,
 * `model.layers.N.self_attn.{q,k,v,o}_proj.{weight,bias}`, `model.layers.N.self_attn.{q,k}_norm.weight` [headSize],
 * `model.layers.N.mlp.{gate,up,down}_proj.weight`; matrices are [out, in] row-major, rotary halves split (not
 * interleaved).
 */
export interface ModelFile {
  readonly path: string;
  /** sha256 of the file, hex. */
  readonly hash: string;
  readonly config: DecoderConfig;
  readonly tokenizer: Tokenizer;
  /** Dequantised fp32 copy of a tensor. Throws BoundaryError('model') when it is missing or torn. */
  tensor(name: string): Promise<Float32Array>;
  has(name: string): boolean;
  close(): Promise<void>;
}
