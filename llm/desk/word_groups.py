"""Makes `data/corpus/private/words.tsv`: common words that tell names from what is none, for the tagger of people.

English words stand in groups of alike ones: k-means over the word vectors that all-MiniLM-L6-v2 begins with (Apache 2.0), without their two
commonest directions. Chinese words, and places, are the common ones of jieba's dictionary (MIT), without its names of people.
`python -m llm.desk.word_groups MODEL_FOLDER JIEBA_DICT`, five seconds of one core.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llm.desk.people_words import PLACES_OF_WORDS
from llm.tagger import FAMILIES

GROUPS = 256
COMMON, OF_A_FAMILY, A_NAME_TOO = 100, 20, 150
"""How often the dictionary's corpus must hold a Chinese word: any, one that begins like a family name, one that is listed as a name."""


def english(folder: Path) -> Iterator[str]:
    """A line for each group: `en`, its words."""
    from safetensors.numpy import load_file
    from sklearn.cluster import MiniBatchKMeans

    held = load_file(folder / "model.safetensors")
    vectors = next(v for name, v in held.items() if "word_embeddings" in name).astype(np.float32)
    vocabulary = (folder / "vocab.txt").read_text("utf-8").splitlines()[: len(vectors)]
    kept = [n for n, word in enumerate(vocabulary) if len(word) > 1 and word.isascii() and word.isalpha()]
    turned = vectors[kept] - vectors[kept].mean(axis=0)
    common = np.linalg.svd(turned[:8_000], full_matrices=False)[2][:2]
    turned -= turned @ common.T @ common
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    groups = MiniBatchKMeans(GROUPS, random_state=1, batch_size=4_096, n_init=1, max_iter=60).fit(turned).labels_
    for group in range(GROUPS):
        yield "en\t" + " ".join(vocabulary[n] for n, of in zip(kept, groups, strict=True) if of == group)


def chinese(dictionary: Path) -> Iterator[str]:
    """A line of words, `zh`, and one of places, `place`."""
    words, places = [], []
    for line in dictionary.read_text("utf-8").splitlines():
        word, often, part = line.split(" ")
        if not (2 <= len(word) <= 4 and all("\u3400" <= c <= "\u9fff" for c in word)):
            continue
        if part == "ns" and int(often) >= OF_A_FAMILY:
            places.append(word)
        elif part.startswith("nr"):
            if len(word) == 2 and int(often) >= A_NAME_TOO:
                words.append(word)
        elif int(often) >= (OF_A_FAMILY if word[0] in FAMILIES else COMMON):
            words.append(word)
    yield "zh\t" + " ".join(sorted(words))
    yield "place\t" + " ".join(sorted(places))


if __name__ == "__main__":
    lines = [*english(Path(sys.argv[1])), *chinese(Path(sys.argv[2]))]
    (PLACES_OF_WORDS / "words.tsv").write_text("\n".join(lines) + "\n", "utf-8")
