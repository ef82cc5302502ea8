/**
 * The tokens, the same list and the same numbers for GGUF and Transformers, whatever the seed.
 *
 * Order, as in Llama 2: three control tokens, the 256 bytes (any text can be encoded), then text pieces, where "▁"
 * stands for a space. A piece of several characters is made by merging, earlier pieces first. Every piece's beginnings
 * are pieces too, so every piece can be reached: as long as two parts of it are left, the first part and the next one
 * form a beginning of the piece, hence a piece, hence are merged.
 */
import { randomIntegers } from "./random.mjs";

/** @typedef {{ text: string, kind: "unknown" | "control" | "byte" | "text" }} Token */

export const UNKNOWN = 0;
export const BEGIN = 1;
export const END = 2;
export const SPACE = "▁";

const LETTERS = "etaoinshrdlucmfwypvbgkjqxz";
const VOWELS = "aeiou";
const CONSONANTS = "tnshrdlcmfwpvbgk";
const OTHERS = "0123456789.,;:!?()[]{}\"'-_/\\+*=<>@#$%^&|~`";
/** Common English words: real prompts cost about as many tokens as they would with a real vocabulary. */
const WORDS =
  "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all were " +
  "when we there can an your which their said if do will each about how up out them then she many some so these would " +
  "other into has more her two like him see time could no make than first been its who now people my made over did down " +
  "only way find use may water long little very after words called just where most know get through back much before " +
  "go good new write our used me man too any day same right look think also around another came come work three word " +
  "must because does part even place well such here take why things help put years different away again off went old " +
  "number great tell men say small every found still between name should home big give air line set own under read " +
  "last never us left end along while might next sound below saw something thought both few those always looked show " +
  "large often together asked house world going want school important until form food keep children feet land side " +
  "without boy once animals life enough took sometimes four head above kind began almost live page got earth need far " +
  "hand high year mother light parts country father let night following picture being study second eyes soon times " +
  "story boys since white days ever paper hard near sentence better best across during today however sure means knew " +
  "try told young miles sun ways thing whole hear example heard several change answer room sea against top turned " +
  "learn point city play toward five using himself usually energy power model token measure question";

/** @returns {Generator<string>} pseudo-words without end, each longer than an earlier one by a letter */
function* pseudoWords() {
  const next = randomIntegers("vocabulary", 1);
  /** @param {string} from */
  const pick = (from) => from.charAt(next() % from.length);
  const grown = Array.from(CONSONANTS, (letter) => SPACE + letter);
  for (;;) {
    const base = grown[next() % grown.length] ?? SPACE;
    const word = base + pick(VOWELS.includes(base.slice(-1)) ? CONSONANTS : VOWELS);
    if (word.length > 8) continue;
    grown.push(word);
    yield word;
  }
}

/** @returns {Generator<string>} text pieces in the order of their numbers, repetitions included */
function* pieces() {
  yield SPACE;
  yield* LETTERS;
  yield* LETTERS.toUpperCase();
  yield* OTHERS;
  for (const letter of LETTERS + LETTERS.toUpperCase()) yield SPACE + letter;
  for (const consonant of CONSONANTS) {
    for (const vowel of VOWELS) yield* [consonant + vowel, vowel + consonant];
  }
  for (const word of WORDS.split(" ")) {
    for (let length = 2; length <= word.length; length += 1) yield SPACE + word.slice(0, length);
  }
  yield* pseudoWords();
}

/**
 * @param {number} size number of tokens
 * @returns {Token[]}
 */
export function makeVocabulary(size) {
  /** @type {Token[]} */
  const tokens = [
    { text: "<unk>", kind: "unknown" },
    { text: "<s>", kind: "control" },
    { text: "</s>", kind: "control" },
  ];
  for (let byte = 0; byte < 256; byte += 1) {
    tokens.push({ text: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, kind: "byte" });
  }
  if (size < 1024) throw new RangeError(`a vocabulary of ${size} is too small for bytes and pieces: 1024 or more`);
  const seen = new Set(tokens.map((token) => token.text));
  for (const text of pieces()) {
    if (tokens.length >= size) break;
    if (seen.has(text)) continue;
    seen.add(text);
    tokens.push({ text, kind: "text" });
  }
  return tokens;
}
