"""The HTTP door: a FastAPI application over the library, without Ray and without models."""
