"""Measurements: accuracy against references, speed and memory of the product itself."""
