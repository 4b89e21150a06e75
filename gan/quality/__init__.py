"""How good a generator is: the classifier that judges it, the metrics, and the line of evaluations."""
