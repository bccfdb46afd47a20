"""Voice activity: where somebody speaks, found once and shared by every stage that asks."""
