"""The words that a page cannot do without, each with one sentence, and how a page shows it.

The sentence appears while the word is pointed at, has the keyboard's focus, or was tapped. It lies above
the page and moves nothing.
"""

import html

GLOSSARY: dict[str, str] = {
    "latent": "The random numbers that the generator makes one picture from, called z: the same latent, the same "
    "picture.",
    "one latent a column": "Each column is one latent, asked for 0 to 9 from top to bottom: what its pictures have in "
    "common is the latent's, what differs is the digit's.",
    "one code a row": "Each row is one value of the code that nobody labelled, each column one latent for the rest: "
    "what the pictures of a row have in common is what the value came to mean.",
    "generator": "The forger: the network that turns a latent into a picture.",
    "discriminator": "The detective: the network that says how real a picture looks; called D.",
    "averaged generator": "A running average of the generator's weights over recent steps; its pictures are steadier "
    "and better than those of the generator that trains.",
    "loss": "What a network tries to make small; generator and discriminator pull in opposite directions, so neither "
    "loss has to fall for the pictures to get better.",
    "at a perfect forger": "Where the curves would settle if forgeries could not be told from real images.",
    "D(x)": "What the discriminator says of real images: 1 means surely real, 0 surely forged.",
    "D(G(z))": "What the discriminator says of forgeries: the generator learns to make this rise.",
    "D's score": "What the discriminator says of a picture, as a number without bounds: the higher, the more real.",
    "Wasserstein estimate": "How much higher the critic scores real images than forgeries: an estimate, in a unit of "
    "its own, of how far the two are apart; at a perfect forger it is 0.",
    "energy": "How badly the discriminator draws a picture anew, as a mean squared error: little for what looks real.",
    "FCD": "Fréchet classifier distance: how far the forgeries as a whole are from real images, as a classifier "
    "of such images sees them; lower is better, and real images have a little of it too.",
    "best": "The star is where the distance was lowest so far; the generator of that moment is kept.",
    "read as asked": "The share of forgeries in which a classifier reads the class that the generator was asked for.",
    "even share": "How often each class would be forged if all came equally often: of ten a tenth.",
    "learning rate": "How far a network moves at each step: too small and it learns slowly, too large and the game "
    "breaks.",
    "preset": "A set of settings that belong together: take cgan first, which forges digits on demand after a few "
    "seconds.",
    "direction": "A way through the space of latents along which one thing changes; what it clearly moves gives it its "
    "name, and you can write another.",
    "code": "A part of the latent that the generator was made to show, so that it can be read off the picture; nobody "
    "said what it is to mean.",
    "mix": "How much of each class the generator is asked for; it learned from single ones only, so what lies in "
    "between is its own invention.",
    "norm of z": "How long the latent is, as an arrow from the origin.",
    "the prior": "The distribution that latents are drawn from in training: the band holds two thirds of the lengths "
    "that it gives, and far outside it the generator was never trained.",
    "floor": "The same figure for real images in place of the forgeries: what to compare with, though a figure beyond "
    "it proves no better pictures.",
    "judge": "A classifier that learned from real images only; it reads and compares the pictures.",
}
"""One sentence for each word, in plain text."""

STYLE = """
.term { cursor: help; outline-offset: 2px; border-radius: 2px;
  text-decoration: underline dotted; text-underline-offset: .2em; text-decoration-thickness: 1px; }
.term-meaning { display: none; position: absolute; left: 0; top: calc(100% + .2rem); z-index: 1000;
  width: max-content; max-width: min(22rem, 100%); padding: .5rem .7rem; border-radius: .4rem; text-align: left;
  font-family: inherit; font-size: .875rem; font-weight: 400; line-height: 1.4; white-space: normal;
  color: light-dark(#22252b, #e8e6e1); background: light-dark(#ffffff, #2a2e36);
  border: 1px solid light-dark(#d5d1c8, #4a505b); box-shadow: 0 4px 16px rgb(0 0 0 / .18); }
.term:hover > .term-meaning, .term:focus > .term-meaning { display: block; }
.term-meaning.above { top: auto; bottom: calc(100% + .2rem); }
/* Under a finger it stands at the foot of the screen, where no edge can cut it off. */
@media (max-width: 640px) {
  .term-meaning { position: fixed; inset: auto .75rem .75rem; width: auto; max-width: none; }
}
"""
"""How it looks. A meaning is placed below the nearest box around it that is positioned (`position: relative`):
give one to the line that holds the word, and it stays within the line's width."""


def term(name: str, text: str = "") -> str:
    """HTML that shows `text` (else the word itself) and, on hover, focus or tap, the sentence for `name`."""
    return explained(text or name, GLOSSARY[name])


def explained(text: str, meaning: str) -> str:
    """The same for a meaning that stands somewhere else, as those of the figures do (`gan.quality.results`).

    A span with a tabindex, not a button: Safari gives no focus to a button that is tapped.
    """
    return (
        f'<span class="term" tabindex="0">{html.escape(text)}'
        f'<span class="term-meaning" role="tooltip">{html.escape(meaning)}</span></span>'
    )
