"""Doors: the ways in which people and programs reach the pipeline."""
