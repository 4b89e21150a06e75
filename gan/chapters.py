"""The page "How it works" in words: eight chapters, each with something to try and a question, and five tasks. HTML.

What is tried and answered are deeds (`gan.deeds`): `chapter-N-tried` and `chapter-N-answered`.
"""

from dataclasses import dataclass

from gan.glossary import term
from gan.paths import ASSETS

RECORDED = ASSETS / "chapters.json"
"""One step of training and moves of the generator, as `benchmarks.chapters` recorded them."""


@dataclass(frozen=True)
class Option:
    """An answer that one can choose, and why it is right or wrong."""

    text: str
    why: str


@dataclass(frozen=True)
class Chapter:
    """One chapter."""

    title: str
    paragraphs: tuple[str, ...]
    attempt: str
    """What to try on what stands beside it."""
    question: str
    options: tuple[Option, ...]
    right: int
    """Which of the options is right."""


@dataclass(frozen=True)
class Task:
    """Something to do in the app, which is ticked once all of its deeds are done."""

    sentence: str
    page: str
    """The page to do it on, by its address."""
    deeds: tuple[str, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "Tell a real 3 from a forged one",
        (
            "One of these 3s was written by a person, the other was made by a machine. When you tell which, you "
            "<b>discriminate</b>, as a classifier does: it learns p(y | x), how likely a label y is for a picture x. A "
            "<b>generative</b> model learns p(x), what pictures look like at all, so that it can make new ones.",
            "The table compares three: naive Bayes decides each pixel by itself, the mixture puts 30 clouds around "
            "typical pictures, and the GAN is what this app is about. A classifier cannot draw: a picture of which "
            "it is sure is, to you, noise.",
        ),
        "Find the forged one three times.",
        "Naive Bayes knows exactly how often each pixel of a 3 has ink. Why does it draw so badly?",
        (
            Option("It saw too few digits.", "It saw the same 60,000 as the others. More would change little."),
            Option(
                "It chooses each pixel without looking at the others.",
                "A stroke is many pixels that agree. Naive Bayes knows each by itself, not what they do together.",
            ),
            Option("It does not know which digit to draw.", "It does: it is asked for a digit, as the GAN is."),
        ),
        1,
    ),
    Chapter(
        "Two players",
        (
            f"A GAN is a game of two networks. The {term('generator', 'forger G')} turns random numbers z, the "
            f"{term('latent')}, into a picture G(z). The {term('discriminator', 'detective D')} says how likely a "
            "picture is to be real: near 1 for real, near 0 for forged.",
            "G never sees a real digit. It learns only from D: what D says of its pictures, and which change would "
            "make D say more. Here is the D that trained the generator of this app; it is told the digit, so it has "
            "an opinion of your drawing as each of the ten.",
        ),
        "Draw a digit, or move the slider from noise to a forgery.",
        "How does G find out what a 3 looks like?",
        (
            Option("It gets the real 3s to copy.", "It never sees them. Only D does."),
            Option(
                "It tries pictures at random until one passes.",
                "There are far too many pictures for that. It is told the direction.",
            ),
            Option(
                "D's answer tells it which change looks more real.",
                "D can be differentiated: for each pixel of a forgery it says whether more or less ink would help.",
            ),
        ),
        2,
    ),
    Chapter(
        "One step of training",
        (
            "Training repeats one step, thousands of times. In D's move, G forges some pictures and D scores them "
            f"and as many real ones; D's {term('loss')} is small if it tells them apart, and its weights move a "
            "little down the slope of that loss.",
            "In G's move, D scores new forgeries, and G's loss is small if D takes them for real. The slope goes "
            "backwards through D into the pictures, and through them into G's weights, which move a little.",
            "The numbers here are real, from a run that had seen 3,840 pictures. D says 0.5 where it cannot decide.",
        ),
        "Play both moves to their end.",
        "What does D learn from in its move?",
        (
            Option("From forgeries only.", "Then “always forged” would be a perfect answer."),
            Option(
                "From real digits and forgeries, and it is told which are which.",
                "That is all the teaching there is: two heaps of pictures, real and forged. Nobody labels a mistake.",
            ),
            Option("From G's weights.", "It never sees them, only the pictures that come out."),
        ),
        1,
    ),
    Chapter(
        "Why one of them is frozen",
        (
            "In G's move the slope goes through D, and could move D's weights as well. It must not: D is "
            "<b>frozen</b>, and only G moves. Try what happens otherwise, for twenty moves of G from the same "
            "moment.",
            "With D frozen, G has to change its pictures to be believed. With D free it is easier to change D, which "
            "soon calls real and forged digits alike real, while the pictures stay nearly what they were. A detective "
            "who is paid by the forger teaches nothing.",
        ),
        "Set D free and let G move.",
        "D was free, and D(G(z)) rose to 0.9 in two moves. What has become better?",
        (
            Option("The pictures.", "Look at them: they are nearly what they were."),
            Option("Both players.", "D has become worse. It says “real” to real and forged alike."),
            Option(
                "Nothing. D has stopped telling them apart.",
                "D(x) and D(G(z)) rose together. What D says is worth something only while the two differ.",
            ),
        ),
        2,
    ),
    Chapter(
        "Why the losses hover",
        (
            "If D gets better, G's loss rises; if G gets better, D's does. So no loss has to fall. In one dimension "
            "one can see where the game ends: grey is what real data look like, p(x), amber what G makes, q(x). The "
            "best possible D is p / (p + q), and the value of the game is then 2 JSD − log&nbsp;4, where the "
            "Jensen–Shannon divergence JSD says how far the two curves are apart.",
            "If they are equal, the best D says 1/2 everywhere, and its loss is at its worst, log&nbsp;4 ≈ 1.386. That "
            "is the perfect forger; the loss alone would look like a failure of D.",
        ),
        "Move the amber curve until the best D says 1/2 everywhere.",
        "D's loss climbs from 0.4 to 1.2 while training. Is that bad?",
        (
            Option("Yes: a loss has to fall.", "Only where one network learns a fixed task. D's task gets harder."),
            Option(
                "Not by itself: forgeries may have become harder to tell.",
                "Near 1.386 D is guessing. Whether the pictures are good has to be looked at or measured.",
            ),
            Option("Yes: D has forgotten what it knew.", "It may know as much as before. Its opponent has improved."),
        ),
        1,
    ),
    Chapter(
        "When to stop",
        (
            "Here is a run of half a minute. After the first seconds both losses stay where they are, and the "
            "pictures go on improving: losses do not tell when to stop.",
            f"So one measures the pictures. A digit classifier, the {term('judge')}, says how often it reads the "
            f"digit that was asked for, and how far the forgeries as a whole are from real digits ({term('FCD')}). "
            f"Such a number means something beside its {term('floor')}, what real digits get. One stops when it no "
            "longer improves, and keeps the generator of the best moment.",
        ),
        "Go through the run from noise to its end.",
        "Which sign says that it is time to stop?",
        (
            Option(
                "G's loss is at its lowest.", "G's loss is lowest when D is weakest. That says nothing of pictures."
            ),
            Option("D says 1/2.", "A D that has learned nothing yet says 1/2 as well."),
            Option(
                "A measure of the pictures has stopped improving.",
                "It looks at what one wants. Training on would cost time, and can make things worse.",
            ),
        ),
        2,
    ),
    Chapter(
        "What goes wrong",
        (
            "If D is sure of everything, the first loss of 2014 is flat there and G learns nothing: the gradient "
            "<b>vanishes</b>. If steps are too long, the players throw each other about: the run <b>diverges</b>. "
            "The best known failure is <b>mode collapse</b>: G finds one picture that fools D, makes it for every "
            "latent, and moves on to another when D has learned to spot it.",
            "Each of these runs was recorded twice from one seed: broken, and with one setting changed.",
        ),
        "Look at all three, broken and cured.",
        "Ten different latents give ten times the same picture. What is that?",
        (
            Option("Mode collapse.", "One mode of the data is left. Compare pictures of many latents to see it."),
            Option("A vanishing gradient.", "Then the pictures would hardly change: G would not learn anything."),
            Option("A sign that G is perfect.", "A perfect forger is as varied as real digits are."),
        ),
        0,
    ),
    Chapter(
        "What it is good for",
        (
            "A <b>conditional</b> GAN tells both players the digit, so you can ask for one; the latent is left with "
            "all else: slant, weight, width. Condition it on a picture instead, and it fills in, sharpens, colours, "
            "or turns sketches into photographs.",
            "Forgeries can also be data: Evaluate measures how well a classifier that has learned from forgeries "
            "alone reads real digits. And what the layers of D have learned to see can be a start for other tasks.",
        ),
        "Ask for another digit and for another latent.",
        "You ask for a 7 and for a 1 with the same latent. What do the two share?",
        (
            Option("Nothing: they are two digits.", "Try it. The hand is the same: slant and weight stay."),
            Option(
                "The hand: slant, weight, width.",
                "The digit is told by the button, so the latent is left with everything else.",
            ),
            Option(
                "The training image they were copied from.", "G never saw one, and makes pictures that are in no set."
            ),
        ),
        1,
    ),
)

TASKS: tuple[Task, ...] = (
    Task("Train a GAN and watch noise become digits.", "train", ("started-a-run",)),
    Task("Take a move of each player by hand.", "steps", ("moved-d", "moved-g")),
    Task("Break a GAN on purpose, then cure it.", "failures", ("broke-it", "cured-it")),
    Task(
        "Move a slider of the latent, and ask for another digit.",
        "explore",
        ("moved-a-slider", "asked-for-another-digit"),
    ),
    Task("Measure a generator against real digits.", "evaluate", ("evaluated",)),
)


def tried(number: int) -> str:
    """The deed of trying what a chapter, from 1, asks for."""
    return f"chapter-{number}-tried"


def answered(number: int) -> str:
    """The deed of answering its question rightly."""
    return f"chapter-{number}-answered"
