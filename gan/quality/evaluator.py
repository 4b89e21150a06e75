"""The process that evaluates: `python -m gan.quality.evaluator`. `gan.quality.desk` starts it and asks it.

Questions come on stdin, messages go to stdout (`gan.quality.questions`). It keeps the judge and the real images as the
judge reads them, which take as long to get as a model takes to evaluate. End of file on stdin means that whoever
asked is gone: it ends at once, in the middle of an evaluation too.
"""

import io
import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable

from gan.data import DataError
from gan.quality.questions import Answer, Measured, Message, Progress, Question, QuestionError, Refusal, to_line


def answer(question: Question, say: Callable[[Progress], None]) -> Answer:
    """The answer to a question; what goes wrong is one in words."""
    from gan.models.files import ModelError
    from gan.models.model import load_model
    from gan.quality import evaluation, judge_training
    from gan.quality.judge import JudgeError

    try:
        # The file as it is now: one that was replaced meanwhile is not there to be read any more.
        Question.about(question.path, question.n, question.seed)
        model = load_model(question.path)
        judge_training.ready(model.config.data.dataset, lambda share, doing: say(Progress(share, doing)))
        if question.subject == "accuracy_score":
            return evaluation.accuracy_score(
                model, question.n, question.seed, lambda share: say(Progress(share, "training two classifiers"))
            )
        found = evaluation.evaluate(
            model,
            question.n,
            question.seed,
            question.reference,
            lambda share, doing: say(Progress(share, doing)),
        )
        best, worst = (evaluation.pictures(model, found, forgeries) for forgeries in (found.best, found.worst))
        return Measured(found, model.images, best, worst)
    except (ModelError, JudgeError, DataError, QuestionError) as error:
        return Refusal(str(error))
    except MemoryError:
        return Refusal(f"{question.path} cannot be evaluated: this machine has too little memory for it.")
    except Exception as error:
        traceback.print_exc()  # the whole story, for whoever runs the server
        return Refusal(f"{question.path} cannot be evaluated ({type(error).__name__}).")


def _listen(questions: "queue.SimpleQueue[Question]", stdin: io.FileIO) -> None:
    try:
        for line in stdin:
            questions.put(Question.from_line(line.decode()))
    finally:
        os._exit(0)


def main() -> None:
    """Answers one question after the other."""
    # A terminal sends Ctrl-C to the server's children too; the server's end is told by stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not get between the messages.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message: Message) -> None:
        out.write(to_line(message))
        out.flush()

    questions: queue.SimpleQueue[Question] = queue.SimpleQueue()
    # Not sys.stdin: a thread that waits in its buffer makes Python abort when the process ends.
    stdin = io.FileIO(0, closefd=False)
    threading.Thread(target=_listen, args=(questions, stdin), daemon=True).start()
    import torch  # takes seconds, in which the end of stdin is heard already

    # The other half of the cores is for pages and for what trains: threads that have to wait for a core there
    # make an evaluation slower, not faster.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    try:
        while True:
            question = questions.get()
            say(Progress(0.0, "starting"))
            say(answer(question, say))
    except BrokenPipeError:  # nobody listens any more
        os._exit(0)


if __name__ == "__main__":
    main()
