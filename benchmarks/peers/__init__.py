"""Peers: the tools one would use instead, each run from an environment of its own."""
