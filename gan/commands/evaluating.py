"""`evaluate`: how good a model is, and `train-judge`: the classifier that says so."""

import argparse
import json
import sys
from typing import Any, get_args

from tqdm import tqdm

from gan import data
from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.commands.terminal import made_ready, write
from gan.models import files
from gan.models.find import resolve
from gan.quality import results
from gan.system import outputs

_samples = arguments.number(int, results.LEAST, results.SAMPLES, "a whole number")


def add(commands: Commands) -> None:
    """Adds both."""
    evaluate = commands.add_parser("evaluate", help="how good a model is: one JSON object on stdout")
    evaluate.add_argument("model", help=arguments.MODEL)
    evaluate.add_argument("--n", type=_samples, default=results.SAMPLES, help="samples; default: 10,000")
    evaluate.add_argument("--seed", type=arguments.seed, default=0)
    evaluate.add_argument(
        "--reference", choices=get_args(results.Reference), default="test", help="real images to compare with"
    )
    which = evaluate.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="also train a classifier on forgeries: a minute more")
    which.add_argument("--only", choices=[results.ACCURACY_SCORE], help="nothing but that")
    evaluate.set_defaults(act=_evaluate)

    judge = commands.add_parser("train-judge", help="make the classifier that judges forgeries")
    judge.add_argument("--data", choices=list(data.SPECS), default=data.DEFAULT, help="default: %(default)s")
    judge.add_argument("--out", type=arguments.path, help="default: where the set's own belongs")
    judge.set_defaults(act=_train_judge)


def _evaluate(args: argparse.Namespace) -> int:
    files.check(file := resolve(args.model))
    from gan.models.model import load_model
    from gan.quality import judge_training
    from gan.quality.evaluation import accuracy_score, evaluate

    model = load_model(file)
    dataset = model.config.data.dataset
    made_ready(lambda watch: judge_training.ready(dataset, watch))
    about = {"model": args.model, "preset": model.config.preset, "images": model.images}
    found: dict[str, Any] = {"n": args.n, "seed": args.seed, "dataset": dataset}
    found |= {"reference": args.reference, "figures": {}}
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {postfix}", file=sys.stderr) as bar:

        def watch(share: float, doing: str) -> None:
            bar.n = round(100 * share, 1)
            bar.set_postfix_str(doing, refresh=False)
            bar.update(0)

        if not args.only:
            found = evaluate(model, args.n, args.seed, args.reference, watch).to_dict()
        if args.all or args.only:
            score = accuracy_score(model, args.n, args.seed, lambda share: watch(share, "training two classifiers"))
            found["figures"][results.ACCURACY_SCORE] = score.to_dict()
        watch(1.0, "done")
    print(json.dumps(about | found))
    return 0


def _train_judge(args: argparse.Namespace) -> int:
    made_ready(lambda watch: data.fetch(args.data, watch))
    out = args.out or data.judge_path(data.spec(args.data))
    outputs.check(out, ".safetensors")  # said now, not after four minutes
    from gan.quality.judge_training import make_judge

    with tqdm(unit="step", file=sys.stderr) as bar:

        def watch(step: int, steps: int) -> None:
            bar.total = steps
            bar.update(1)

        content, about = make_judge(args.data, watch)
    write(out, content)
    for name, value in about.items():
        print(f"  {name:18} {value:.4f}")
    return 0
