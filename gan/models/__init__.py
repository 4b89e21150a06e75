"""Model files: writing, reading, checking, finding them, and sampling from what they hold."""
