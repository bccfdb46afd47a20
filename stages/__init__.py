"""Everything with a model in it: one folder a stage, heavy imports inside constructors."""
