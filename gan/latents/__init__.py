"""What latents are made of, drawing them, ways and directions between them, and how a link holds them."""
