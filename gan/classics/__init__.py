"""Generative models that are older than GANs, in numpy: naive Bayes and a Gaussian mixture. They stand beside the GAN
on the page "How it works", which samples them anew; no torch here."""
