/**
 * The alphabet of byte-level BPE (GPT-2): printable Latin-1 characters stand for their own byte, the other 68 bytes
 * for U+0100 upwards in ascending order, so that a vocabulary is readable text without spaces or controls.
 */
const characters: readonly string[] = buildAlphabet();
const bytes: ReadonlyMap<string, number> = new Map(characters.map((character, byte) => [character, byte]));

function buildAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
}

/** The 256 characters, by byte. */
export function byteLevelAlphabet(): readonly string[] {
  return characters;
}

/** The byte that a character of the alphabet stands for. Other characters (a damaged vocabulary) read as 0x3f, `?`. */
export function byteOfCharacter(character: string): number {
  return bytes.get(character) ?? 0x3f;
}
