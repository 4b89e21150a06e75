"""Training: a step, what happens between steps, checkpoints, and what a run says of itself."""
