"""Speech recognition: windows of speech to words with times."""
