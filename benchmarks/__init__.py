"""What the figures in the README are made with; each module is a command."""
