#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes a folder of what this version leaves behind: exports with their answers, an interrupted run, settings. It is kept for good.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Corpus/make.sh    (once for each version, before it is tagged; needs a build)"
    echo "  Makes Tests/Corpus/VERSION, which CorpusTests reads with every later version. BIN=folder: another build"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
lockstep=$(realpath "${BIN:-.build/release}")/lockstep
version=$("$lockstep" --version | cut -d' ' -f1)
place=$PWD/Tests/Corpus/$version
[ ! -e "$place" ] || { echo "make.sh: $place is there already, and what a version has written does not change" >&2; exit 73; }
work=$(mktemp -d)
folder=$work/whole-corpus
mkdir "$folder"
trap 'rm -rf "$work"' EXIT
cd "$work"

# train NAME WORDS…: an export, and the settings by which it was made.
train() {
    "$lockstep" train "${@:2}" --run "$1" --epochs 2 --quiet
    mkdir -p "$folder/$1"
    cp "$1/export.bundle" "$1/settings.json" "$folder/$1/"
}
# answers NAME FILE: what it predicts for a file.
answers() {
    cp "$2" "$folder/$1/"
    (cd "$folder/$1" && "$lockstep" predict export.bundle "$(basename "$2")" > answers.csv 2> /dev/null)
}

python3 - <<'PYTHON'
import struct, zlib
rows = ["age,job,since,member,answer"]
for i in range(120):
    job = ["nurse", "smith", '"baker, senior"', ""][i * 5 % 4]
    rows.append(f"{20 + i * 7 % 41}.5,{job},2024-0{1 + i % 9}-1{i % 10},{i % 3 == 0},{'yes' if i * 7 % 41 > 20 else 'no'}")
open("table.csv", "w").write("\n".join(rows) + "\n")
numbers = ["x,y,z"] + [f"{i % 17},{i * i % 23},{(i % 17) * 2 - (i * i % 23) / 3:.3f}" for i in range(100)]
open("numbers.csv", "w").write("\n".join(numbers) + "\n")
texts = ["text,label"] + [f"the film was {w} {i}," + l for i in range(30) for w, l in (("great", "good"), ("dull", "bad"))]
open("texts.csv", "w").write("\n".join(texts) + "\n")
open("new.txt", "w").write("a great film\nso dull\n\nsomething else\n")

# A BERT of no size to speak of, as Hugging Face has them.
import json, math, os
words = "[PAD] [UNK] [CLS] [SEP] a the film was great dull so something else ##s".split()
os.makedirs("bert")
open("bert/vocab.txt", "w").write("".join(w + "\n" for w in words))
json.dump({"model_type": "bert", "vocab_size": len(words), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
           "intermediate_size": 24, "max_position_embeddings": 32, "pad_token_id": 0}, open("bert/config.json", "w"))
shapes = {f"embeddings.{n}.weight": [c, 16] for n, c in (("word_embeddings", len(words)), ("position_embeddings", 32), ("token_type_embeddings", 2))}
linears = {"attention.self.query": (16, 16), "attention.self.key": (16, 16), "attention.self.value": (16, 16),
           "attention.output.dense": (16, 16), "intermediate.dense": (24, 16), "output.dense": (16, 24)}
for name, (rows, columns) in linears.items():
    shapes[f"encoder.layer.0.{name}.weight"], shapes[f"encoder.layer.0.{name}.bias"] = [rows, columns], [rows]
shapes["pooler.dense.weight"], shapes["pooler.dense.bias"] = [16, 16], [16]
for name in ("embeddings.LayerNorm", "encoder.layer.0.attention.output.LayerNorm", "encoder.layer.0.output.LayerNorm"):
    shapes[name + ".weight"], shapes[name + ".bias"] = [16], [16]
header, data = {}, b""
for name, shape in shapes.items():
    values = [math.sin(7.3 * k + len(name)) * 0.3 + ("LayerNorm.weight" in name) for k in range(math.prod(shape))]
    part = struct.pack(f"<{len(values)}f", *values)
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
    data += part
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("bert/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)

def png(path, level):
    pixels = b"".join(b"\0" + bytes((level + 3 * x + y) % 256 for x in range(12) for _ in range(3)) for y in range(12))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", 12, 12, 8, 2, 0, 0, 0)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))

for kind, level in (("light", 170), ("dark", 20)):
    os.makedirs(f"set/{kind}")
    for i in range(8):
        png(f"set/{kind}/{i}.png", level + 4 * i)
PYTHON

train table csv --data table.csv --target answer --batch-size 16
answers table table.csv
train numbers csv --data numbers.csv --target z --batch-size 16
answers numbers numbers.csv
train texts text-classes texts.csv --text text --batch-size 8 --weights bert --lr 0.01
answers texts new.txt
train images images set --size 12 --batch-size 4
answers images set/light/3.png
train digits digits

# A run that was asked to stop on its way, and the history of one that was not.
"$lockstep" train digits --epochs 40 --run whole --quiet
"$lockstep" train digits --epochs 40 --run run --checkpoint-every 7steps --quiet &
until [ "$(cat run/history.csv 2> /dev/null | wc -l)" -gt 3 ]; do
    kill -0 $! 2> /dev/null || { echo "make.sh: the run that was to be interrupted has ended by itself" >&2; exit 70; }
    sleep 0.01
done
kill -TERM $!
status=0
wait $! || status=$?
[ $status -eq 75 ] || { echo "make.sh: the run that was to be interrupted ended with $status" >&2; exit 70; }
rm -f run/.lock run/checkpoints/.lock
find run/checkpoints -name 'step-*' | sort | head -n -1 | xargs -r rm
cp -r run "$folder/run"
cp whole/history.csv "$folder/run-history.csv"
mv "$folder" "$place"
du -sh "$place"
