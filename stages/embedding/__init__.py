"""Sentence embeddings."""

from stages.embedding.minilm import SentenceEmbedder

__all__ = ["SentenceEmbedder"]
