/**
 * The tokenizer of the Transformers folder: the vocabulary as byte-pair encoding in the format of the `tokenizers`
 * library (https://huggingface.co/docs/tokenizers), built like Llama 2's. It gives the same tokens as llama.cpp's "SPM"
 * tokenizer does with the same vocabulary (compared on 3000 texts with node-llama-cpp 3.21.1: no difference).
 */
import { BEGIN, END, makeVocabulary, SPACE, UNKNOWN } from "./vocabulary.mjs";

/** For both formats. Plain words, no control tokens but the first: prompts are as long as they look. */
export const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";

/**
 * All pairs of pieces that make a piece, in the order of the pieces made, as SentencePiece merges.
 * @param {string[]} texts the text pieces
 * @returns {[string, string][]}
 */
function merges(texts) {
  const known = new Set(texts);
  return texts.flatMap((text) => {
    const cuts = Array.from({ length: text.length - 1 }, (_, index) => index + 1);
    return cuts
      .map((cut) => /** @type {[string, string]} */ ([text.slice(0, cut), text.slice(cut)]))
      .filter(([left, right]) => known.has(left) && known.has(right));
  });
}

/** @param {string} text @param {number} id */
const special = (text, id) => ({ [text]: { id: text, ids: [id], tokens: [text] } });

/** @param {"A" | "B"} id @param {number} type */
const sequence = (id, type) => ({ Sequence: { id, type_id: type } });

/**
 * tokenizer.json.
 * @param {number} size number of tokens
 */
export function tokenizerJson(size) {
  const tokens = makeVocabulary(size);
  const texts = tokens.filter((token) => token.kind === "text").map((token) => token.text);
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const begin = { SpecialToken: { id: "<s>", type_id: 0 } };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [UNKNOWN, BEGIN, END].map((id) => ({ id, content: tokens[id]?.text, ...flags })),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: SPACE },
        { type: "Replace", pattern: { String: " " }, content: SPACE },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [begin, sequence("A", 0)],
      pair: [begin, sequence("A", 0), begin, sequence("B", 1)],
      special_tokens: special("<s>", BEGIN),
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token.text, id])),
      merges: merges(texts),
    },
  };
}

/**
 * tokenizer_config.json.
 * @param {number} context positions
 */
export const tokenizerConfig = (context) => ({
  tokenizer_class: "PreTrainedTokenizerFast",
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  pad_token: "<unk>",
  model_max_length: context,
  clean_up_tokenization_spaces: false,
  chat_template: CHAT_TEMPLATE,
});
