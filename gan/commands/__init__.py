"""The commands, a module for each or for some that belong together. A module has `add(commands)`, which adds its parser
with `set_defaults(act=FUNCTION)`; the function takes the arguments and returns the exit status."""

from gan.commands import diagnosing, evaluating, exporting, runs, sampling, training

COMMANDS = (training, sampling, exporting, evaluating, diagnosing, runs)
"""In the order in which help lists them."""
