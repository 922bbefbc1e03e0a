#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes what `tokenizers` thinks of every Unicode scalar: Sources/LockstepData/Text/Pretrained/unicode.txt.gz.

"""The package mixes Unicode versions (8 for BERT's marks and punctuation, newer ones for letters), so it is asked itself."""

import gzip
import pathlib
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Sources/LockstepData/Text/Pretrained/unicode.txt.gz"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "removed")


CLEAN = normalizers.BertNormalizer(True, False, False, False)
CHINESE = normalizers.BertNormalizer(False, True, False, False)
ACCENTS = normalizers.BertNormalizer(False, False, True, False)
MARKS, NFD, LOWER = normalizers.StripAccents(), normalizers.NFD(), normalizers.Lowercase()
BERT = pre_tokenizers.BertPreTokenizer()
PUNCTUATION = pre_tokenizers.Punctuation("removed")
WHITESPACE = pre_tokenizers.Whitespace()
DIGITS = pre_tokenizers.Digits(True)
# A bit each, in this order.
CLASSES = [
    lambda c: CLEAN.normalize_str(c) == "",
    lambda c: len(BERT.pre_tokenize_str(f"a{c}a")) == 2,
    lambda c: CHINESE.normalize_str(c) != c,
    lambda c: ACCENTS.normalize_str(c) == "" and NFD.normalize_str(c) == c,
    lambda c: PUNCTUATION.pre_tokenize_str(c) == [],
    lambda c, p=split(r"\p{L}"): p.pre_tokenize_str(c) == [],
    lambda c, p=split(r"\p{N}"): p.pre_tokenize_str(c) == [],
    lambda c: len(WHITESPACE.pre_tokenize_str(f"a{c}a")) == 1,
    lambda c: MARKS.normalize_str(c) == "",
    lambda c: len(DIGITS.pre_tokenize_str(f"ab{c}")) == 2 if c != " " else False,
]


def class_lines():
    before = 0
    for scalar in SCALARS:
        bits = sum(1 << place for place, test in enumerate(CLASSES) if test(chr(scalar)))
        if bits != before:
            yield f"c {scalar:x} {bits:x}"
            before = bits


def runs(values):
    """(first, last, step, value) of equal values one or two scalars apart."""
    found = []
    for scalar, value in sorted(values.items()):
        step = scalar - found[-1][1] if found else 0
        if found and found[-1][3] == value and step in (1, 2) and found[-1][2] in (0, step):
            found[-1][1:3] = [scalar, step]
        else:
            found.append([scalar, scalar, 0, value])
    return found


def is_ordered(c):
    """Whether the package's older tables know the combining class: then it changes places with one that is surely known."""
    rank = unicodedata.combining(c)
    pair = "\u0345" + c if rank == 1 else c + "\u0334"
    return rank > 0 and NFD.normalize_str(c) == c and NFD.normalize_str(pair) != pair


def lines():
    yield from class_lines()
    lower = {c: LOWER.normalize_str(chr(c)) for c in SCALARS}
    single = {c: ord(text) - c for c, text in lower.items() if len(text) == 1 and ord(text) != c}
    yield from (f"l {first:x} {last:x} {max(step, 1)} {delta}" for first, last, step, delta in runs(single))
    yield from (f"m {c:x} {' '.join(f'{ord(x):x}' for x in text)}" for c, text in lower.items() if len(text) != 1)
    classes = {c: unicodedata.combining(chr(c)) for c in SCALARS if is_ordered(chr(c))}
    yield from (f"o {first:x} {last:x} {max(step, 1)} {value}" for first, last, step, value in runs(classes))
    for c in SCALARS:
        text = NFD.normalize_str(chr(c))
        if text != chr(c) and not 0xAC00 <= c < 0xD7A4:  # Hangul syllables follow a rule
            yield f"d {c:x} {' '.join(f'{ord(x):x}' for x in text)}"


if __name__ == "__main__":
    text = "\n".join(lines()) + "\n"
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(text.splitlines())} lines, {TARGET.stat().st_size} bytes")
