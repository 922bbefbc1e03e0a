#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes Tests/Reference/tokenizing: small tokenizers, and what the `tokenizers` package makes of texts with them.

"""Needs `pip install tokenizers`. The files of trained tokenizers stay as they are unless they are removed; the golden values
are written anew. Texts of the long comparison are generated on both sides (`lines`), only checksums are committed."""

import copy
import json
import pathlib

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).resolve().parent / "tokenizing"
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        return self.next() % n


# First and last scalar of what words are made of; a kind more stands for every scalar there is.
KINDS = [
    [(0x61, 0x7A)], [(0x61, 0x7A)], [(0x41, 0x5A), (0x61, 0x7A)], [(0x30, 0x39)], [(0x21, 0x7E)],
    [(0xC0, 0x17F)], [(0x61, 0x7A), (0x300, 0x36F)], [(0x370, 0x3FF)], [(0x400, 0x52F)], [(0x5D0, 0x5EA), (0x591, 0x5C7)],
    [(0x600, 0x6FF)], [(0x900, 0x97F)], [(0xE01, 0xE5B)], [(0x1E00, 0x1FFF)], [(0x2000, 0x206F)], [(0x20A0, 0x20CF)],
    [(0x2100, 0x23FF)], [(0x3040, 0x30FF)], [(0x4E00, 0x4FFF), (0x3000, 0x301F)], [(0xAC00, 0xAFFF)], [(0xF900, 0xFAFF)],
    [(0xFB00, 0xFB4F)], [(0xFF00, 0xFFEF)], [(0x1F300, 0x1F6FF), (0x200D, 0x200D), (0xFE0F, 0xFE0F)], [(0x0, 0x20)],
    [(0x80, 0xA0)], [(0x1D400, 0x1D7FF)], [(0x20000, 0x2000F), (0x2F800, 0x2F80F)], [(0x8D0, 0x903)], [(0x1100, 0x11FF)],
]
GAPS = [" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "", "\u200b", " [MASK] ", "[SEP]", "<mask>", "<s>", "'s ",
        "'ll", " don't ", "...", "-", " 3.14,", "\u2028"]


def lines(count, seed):
    random = SplitMix64(seed)
    result = []
    for _ in range(count):
        text = ""
        for _ in range(random.below(10)):
            kind = random.below(len(KINDS) + 1)
            for _ in range(1 + random.below(7)):
                if kind == len(KINDS):
                    scalar = random.below(0x110000)
                    if 0xD800 <= scalar < 0xE000:
                        scalar = 0x20
                else:
                    first, last = KINDS[kind][random.below(len(KINDS[kind]))]
                    scalar = first + random.below(last - first + 1)
                text += chr(scalar)
            text += GAPS[random.below(len(GAPS))]
        result.append(text)
    return result


SENTENCES = [
    "", " ", "Hello, world!", "The quick brown fox jumps over the lazy dog.", "I can't, won't and shouldn't've!  Don't.",
    "Ünïcödé ÀÉÎÕÜ naïve café", "e\u0301 cafe\u0301 A\u030a\u0327", "İstanbul ΑΣ ΣΑΣ ß ǅ", "你好，世界！ これはテストです。", "한국어 텍스트",
    "a\u0000b\ufffdc\u200bd\u00ade", "line one\nline two\r\n\ttabbed \x0b \x0c \x85 end", "[CLS] [MASK] [SEP] [mask] x[MASK]y", "  lead and trail  ",
    "1234567890 3.14 1,000,000", "supercalifragilisticexpialidocious" * 4, "x" * 120, "👩‍👩‍👧‍👦 👍🏽 🇩🇪", "مرحبا بالعالم", "שלום עולם",
    "hello<mask>world <mask>  again", "<s> </s> <|endoftext|> x", "http://example.com/a?b=c&d=e#f", "C++ / C# — “quotes” ‘single’ …",
    "\u1e9b\u0323 \ufb01 \u2126 \u212b", "a b c  d   e    f\n\n\n g", "don't 'tis 'll 're 've 'm 'd 's 't 'S",
]


def trained():
    """The tokenizers, trained on lines of the same kind; with few tokens, so that words are cut."""
    corpus = lines(3000, 99) + SENTENCES * 5 + [pathlib.Path(__file__).read_text()] * 2
    made = {}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for name, lower in [("bert", True), ("bert-cased", False)]:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.train_from_iterator(corpus, trainers.WordPieceTrainer(
            vocab_size=900, special_tokens=special, limit_alphabet=380, show_progress=False))
        ids = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ids)
        if name == "bert-cased":
            tokenizer.post_processor = processors.BertProcessing(ids[1], ids[0])
        tokenizer.decoder = decoders.WordPiece()
        made[name] = tokenizer
    for name, prefix in [("gpt2", False), ("roberta", True)]:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        tokens = ["<s>", "<pad>", "</s>", "<unk>"] if prefix else ["<|endoftext|>"]
        tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
            vocab_size=900, special_tokens=tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
        tokenizer.decoder = decoders.ByteLevel()
        if prefix:
            tokenizer.add_special_tokens([tokenizers.AddedToken("<mask>", lstrip=True, normalized=False)])
            tokenizer.add_tokens([tokenizers.AddedToken("don", single_word=True, rstrip=True)])
            tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=True)
        else:
            tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        made[name] = tokenizer
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents(), normalizers.Replace("``", '"')])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True), pre_tokenizers.Split("the", "merged_with_next"),
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.CharDelimiterSplit("q")])
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=500, special_tokens=["[UNK]"], limit_alphabet=150, end_of_word_suffix="</w>", show_progress=False))
    tokenizer.add_tokens([tokenizers.AddedToken("Hello", normalized=True), tokenizers.AddedToken("éa", normalized=True)])
    tokenizer.decoder = decoders.BPEDecoder()
    made["words"] = tokenizer
    return made


def places(text):
    """The byte at which each character begins."""
    result, place = [], 0
    for character in text:
        result.append(place)
        place += len(character.encode())
    return result + [place]


def described(encoding, *texts):
    table = [places(text) for text in texts]
    offsets = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        bytes_ = table[sequence or 0]
        offsets += [bytes_[start], bytes_[end]]
    return {"ids": encoding.ids, "types": encoding.type_ids, "mask": encoding.attention_mask,
            "special": encoding.special_tokens_mask, "offsets": offsets}


def checksum(described_lines):
    value = 0xCBF29CE484222325
    for line in described_lines:
        for number in [len(line["ids"])] + line["ids"] + line["offsets"]:
            value = ((value ^ number) * 0x100000001B3) & MASK
    return f"{value:016x}"


def golden(tokenizer):
    result = {"sentences": [], "pairs": [], "lengths": [], "decoded": []}
    for text in SENTENCES:
        encoding = tokenizer.encode(text)
        result["sentences"].append({"text": text, **described(encoding, text)})
        result["decoded"].append([tokenizer.decode(encoding.ids), tokenizer.decode(encoding.ids, skip_special_tokens=False)])
    for a, b in [("Hello, world!", "the lazy dog"), ("", "x"), ("a b c d e f g h", "one two")]:
        result["pairs"].append({"texts": [a, b], **described(tokenizer.encode(a, b), a, b)})
        result["pairs"].append({"texts": [a, b], "plain": True, **described(tokenizer.encode(a, b, add_special_tokens=False), a, b)})
    other = copy.deepcopy(tokenizer)
    for length, strategy, direction, stride in [(8, "longest_first", "right", 0), (7, "longest_first", "left", 2),
                                                (9, "only_first", "right", 1), (9, "only_second", "left", 0), (6, "longest_first", "right", 3)]:
        other.enable_truncation(length, stride=stride, strategy=strategy, direction=direction)
        for padding in [None, {"length": 12, "pad_id": 1, "pad_type_id": 3, "direction": "left"}, {"pad_to_multiple_of": 5}]:
            other.no_padding()
            if padding:
                other.enable_padding(**padding)
            for texts in [("a b c d e f g h i j k l",), ("a b c d e f g h i j", "k l m n o p q r s t u v"), ("a b", "k l m n o p q r s")]:
                try:
                    encoding = other.encode(*texts)
                except BaseException:  # a panic is none of the others
                    found = {"fails": True}
                else:
                    found = described(encoding, *texts)
                    found["overflowing"] = [described(window, *texts) for window in encoding.overflowing] if len(texts) == 1 else []
                result["lengths"].append({"length": length, "strategy": strategy, "direction": direction, "stride": stride,
                                          "padding": padding or {}, "texts": texts, **found})
    texts = lines(10000, 7)
    groups = [texts[start:start + 20] for start in range(0, len(texts), 20)]
    result["checksums"] = [checksum(described(tokenizer.encode(text), text) for text in group) for group in groups]
    return result


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    made = None
    for name in ["bert", "bert-cased", "gpt2", "roberta", "words"]:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            made = made or trained()
            path.write_text(made[name].to_str(pretty=False) + "\n")
        values = {"version": tokenizers.__version__, **golden(Tokenizer.from_file(str(path)))}
        (FOLDER / f"{name}.golden.json").write_text(json.dumps(values, separators=(",", ":")) + "\n")
