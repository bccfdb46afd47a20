"""Sentence vectors: by a model where it knows the language, else by the statistics of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt

from pipeline.ports import Progress, TextEmbedder
from stages.summarization.sentences import Sentence

Vectors = npt.NDArray[np.float32]

_VOCABULARY = 2048
"""Stems a sentence is described by where no model knows its language."""

_AT_ONCE = 64


def knows(embedder: TextEmbedder | None, sentences: Sequence[Sentence]) -> bool:
    """Whether the embedder knows the language of nearly all of these sentences."""
    if embedder is None or not sentences:
        return False
    known = sum(s.language in embedder.languages for s in sentences)
    return known >= 0.9 * len(sentences)


async def embedded(
    embedder: TextEmbedder, sentences: Sequence[Sentence], progress: Progress
) -> Vectors:
    """Model vectors, float32 (n, d), unit length; zero for a sentence that carries nothing."""
    worth = [i for i, s in enumerate(sentences) if s.content]
    parts = []
    for begin in range(0, len(worth), _AT_ONCE):
        chosen = worth[begin : begin + _AT_ONCE]
        parts.append(await embedder.embed([sentences[i].shown for i in chosen]))
        progress(min(1.0, (begin + len(chosen)) / len(worth)))
    if not parts:
        return np.zeros((len(sentences), 1), np.float32)
    found = np.concatenate(parts)
    vectors = np.zeros((len(sentences), found.shape[1]), np.float32)
    vectors[worth] = found
    return vectors


def counted(sentences: Sequence[Sentence]) -> Vectors:
    """Word-count vectors weighted by rarity (tf-idf), float32 (n, at most 2048), unit length."""
    documents = Counter(stem for s in sentences for stem in set(s.content))
    vocabulary = {w: i for i, (w, _) in enumerate(documents.most_common(_VOCABULARY))}
    vectors = np.zeros((len(sentences), max(1, len(vocabulary))), np.float32)
    for row, sentence in zip(vectors, sentences, strict=True):
        for word, count in Counter(sentence.content).items():
            if word in vocabulary:
                row[vocabulary[word]] = (1 + log(count)) * log(1 + len(sentences) / documents[word])
    return normalised(vectors)


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to unit length; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
