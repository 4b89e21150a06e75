"""Generators, discriminators, autoencoders: `nn.Module`s, nothing else."""
