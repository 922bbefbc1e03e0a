# SPDX-License-Identifier: Apache-2.0
# fastai's rules for words, its vocabularies and its language-model batches.

from collections import Counter

from fastai.text import core
from fastai.text.data import LMDataLoader, make_vocab

# Spaces stand around every sign: where to cut is the tokenizer's business, what the rules do is compared.
SENTENCES = [
    "", "a", "I", "I AM HERE", "Hello World", "the McDonald case", "so sooooo good", "cooool", "Soooo GOOOOD !",
    "ha ha ha", "ha ha", "Ha Ha Ha Ha now", "no no no no no", "wait . . . what", "AbC ABC Abc aBC", "A B C",
    "HELLO there 3 333 1000 times", "oh !!! well", "one two two two three", "X2 X22 x2",
]

# Where fastai replaces `amp;` inside of `&amp;` it leaves two signs; such texts are not compared.
HTML = [
    "", "plain", "one<br />two", "it#39;s", "a#146;s", "5 #36;", "a nbsp;b", "say quot;soquot;", "Tom amp; Ann", "a\\nb",
    "he said \\\"no\\\"", "an <unk> word", "3 @.@ 5", "well @-@ known", "wait...", "so... then...", "1 &lt; 2 &gt; 0",
    "&eacute;t&eacute;", "&#233;t&#xe9;", "&euro;5", "&copy; 2020", "&hellip;", "a &unknown; b", "50% &", "&;", "x;y",
    "<br /><br />end", "caf&eacute;<br />&quot;so&quot;".replace("&quot;", "'"),
]


def words(sentence):
    for rule in [core.replace_rep, core.replace_wrep, core.spec_add_spaces, core.rm_useless_spaces,
                 core.replace_all_caps, core.replace_maj, core.lowercase]:
        sentence = rule(sentence)
    return sentence.split()


def build():
    text = "the cat and the dog and the bird saw a cat on a mat by the dog 's bed".split()
    vocabularies = []
    for minimum, most in [(1, 60000), (2, 60000), (3, 60000), (1, 12), (1, 9), (1, 4)]:
        vocabulary = [token for token in make_vocab(Counter(text), min_freq=minimum, max_vocab=most) if token != "xxfake"]
        vocabularies.append({"minFrequency": minimum, "maxVocab": most, "vocabulary": vocabulary})
    batches = []
    for tokens, size, length in [(61, 3, 5), (100, 4, 7), (23, 2, 11)]:
        loader = LMDataLoader([list(range(tokens))], lens=[tokens], bs=size, seq_len=length, shuffle=False)
        full = [[loader.create_item(item) for item in range(first, first + size)]
                for first in range(0, loader.bl // length * size, size)]
        batches.append({"tokens": tokens, "batchSize": size, "blockLength": length,
                        "inputs": [[list(map(int, x)) for x, _ in batch] for batch in full],
                        "targets": [[list(map(int, y)) for _, y in batch] for batch in full]})
    return {"sentences": [{"text": sentence, "tokens": words(sentence)} for sentence in SENTENCES],
            "html": [{"text": page, "mended": core.fix_html(page)} for page in HTML],
            "corpus": text, "vocabularies": vocabularies, "batches": batches}
