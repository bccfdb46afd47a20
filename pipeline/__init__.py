"""The meeting as values and functions: no model, no server, nothing heavier than numpy."""
