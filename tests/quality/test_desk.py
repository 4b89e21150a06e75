"""The line of evaluations, with real processes and a small model. Where figures are measured, real images are fewer in
this process and in the one that is asked (`tests.evaluator`)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from gan.models.model import load_model
from gan.models.snapshots import newest_snapshot
from gan.paths import PROJECT
from gan.quality import desk as module
from gan.quality import evaluation
from gan.quality.desk import Desk, Job
from gan.quality.evaluator import answer
from gan.quality.questions import Measured, Progress, Question, QuestionError, Refusal, from_line, to_line
from gan.quality.results import Metric
from tests.helpers import is_sentence, small_run, until

FEW = 1000
pytestmark = pytest.mark.usefixtures("few_digits")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAN_RUNS_DIR", str(tmp_path_factory.mktemp("runs")))
        path = newest_snapshot(small_run())
    assert path is not None
    return path


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    desk = Desk((sys.executable, "-m", "tests.evaluator"))
    yield desk
    desk.close()


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Costs the process no time to answer."""
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(b"nothing of the kind")
    return path


def answered(job: Job) -> bool:
    return job.answer is not None


def start(desk: Desk) -> int:
    """The process, brought to life by a question that it refuses."""
    desk.ask(Question(PROJECT, 0, 0, FEW, 0))
    until(lambda: desk.idle and desk.pid is not None)
    assert desk.pid is not None
    return desk.pid


def test_answer_is_what_the_library_finds(desk: Desk, snapshot: Path) -> None:
    job = desk.ask(Question.about(snapshot, FEW, seed=3))
    until(lambda: answered(job))
    assert isinstance(job.answer, Measured)
    model = load_model(snapshot)
    found = evaluation.evaluate(model, FEW, seed=3)
    assert job.answer.found.metrics == pytest.approx(found.metrics)
    assert job.answer.found.best == found.best
    assert job.answer.images == model.images
    forged, real = evaluation.pictures(model, found, found.worst)
    assert np.array_equal(job.answer.worst[0], forged)
    assert np.array_equal(job.answer.worst[1], real)


def test_accuracy_score_comes_from_the_same_process(desk: Desk, snapshot: Path) -> None:
    pid = start(desk)
    about = Question.about(snapshot, FEW)
    job = desk.ask(Question(about.path, about.modified, about.size, FEW, 0, subject="accuracy_score"))
    until(lambda: answered(job))
    assert job.answer == evaluation.accuracy_score(load_model(snapshot), FEW)
    assert desk.pid == pid


def test_one_question_is_answered_once_for_all_who_ask(desk: Desk, snapshot: Path) -> None:
    first = desk.ask(Question.about(snapshot, FEW, seed=4))
    assert desk.ask(Question.about(snapshot, FEW, seed=4)) is first
    until(lambda: answered(first))
    assert desk.ask(Question.about(snapshot, FEW, seed=4)) is first
    os.utime(snapshot)  # another version of the file
    assert desk.look(Question.about(snapshot, FEW, seed=4)) is None


def test_others_wait_in_line_and_are_told_how_long(desk: Desk, snapshot: Path) -> None:
    pid = start(desk)
    os.kill(pid, signal.SIGSTOP)
    questions = [Question.about(snapshot, FEW, seed) for seed in (5, 6, 7)]
    jobs = [desk.ask(question) for question in questions]
    try:
        assert [desk.place(job) for job in jobs] == [0, 1, 2]
        until(lambda: jobs[0].began is not None)
        assert [job.began is not None for job in jobs] == [True, False, False]
        left = [desk.left([question]) for question in questions]
        assert left[0] < left[1] < left[2]
        assert desk.left(questions) == pytest.approx(left[2], abs=0.5)
        new = Question.about(snapshot, FEW, 8)
        assert desk.left([new]) > left[2]
        assert desk.look(new) is None  # it was not put in line
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: all(map(answered, jobs)))
    assert all(isinstance(job.answer, Measured) for job in jobs)
    assert desk.pid == pid
    assert desk.left(questions) == 0


def test_process_that_dies_costs_who_waited_a_sentence_and_is_replaced(desk: Desk, damaged: Path) -> None:
    pid = start(desk)
    os.kill(pid, signal.SIGSTOP)
    first, second = (desk.ask(Question.about(damaged, FEW, seed)) for seed in (0, 1))
    until(lambda: first.began is not None)
    os.kill(pid, signal.SIGKILL)
    until(lambda: answered(first) and answered(second))
    assert isinstance(first.answer, Refusal)
    assert "has ended before it was done (signal 9)" in first.answer.sentence
    assert is_sentence(first.answer.sentence)
    assert isinstance(second.answer, Refusal)
    assert "is not a whole safetensors file" in second.answer.sentence
    assert desk.pid not in (None, pid)
    assert not psutil.pid_exists(pid)  # no zombie either
    assert desk.left([first.question]) > 0
    again = desk.ask(first.question)
    assert again is not first
    until(lambda: answered(again))


def test_nobody_waits_for_who_has_left_and_the_line_has_an_end(
    desk: Desk, damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = start(desk)
    os.kill(pid, signal.SIGSTOP)
    jobs = [desk.ask(Question.about(damaged, FEW, seed)) for seed in (10, 11, 12)]
    try:
        until(lambda: jobs[0].began is not None)
        jobs[1].looked -= desk.patience + 1
        monkeypatch.setattr(module, "LINE", 2)
        last = desk.ask(Question.about(damaged, FEW, 13))
        assert isinstance(last.answer, Refusal)
        assert is_sentence(last.answer.sentence)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: answered(jobs[2]))
    assert jobs[1].answer is None
    assert desk.look(jobs[1].question) is None


def test_answers_are_remembered_up_to_a_number(desk: Desk, damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    jobs = [desk.ask(Question.about(damaged, FEW, seed)) for seed in range(20, 25)]
    until(lambda: all(map(answered, jobs)))
    assert [desk.look(job.question) is not None for job in jobs] == [False, False, True, True, True]


def test_process_leaves_when_there_is_nothing_to_do(damaged: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    desk = Desk(stay=0.1)
    job = desk.ask(Question.about(damaged, FEW))
    until(lambda: answered(job) and desk.pid is None)
    assert {child.pid for child in psutil.Process().children()} <= before


def test_process_ends_with_who_started_it_in_the_middle_of_an_evaluation(snapshot: Path) -> None:
    command = [sys.executable, "-m", "gan.quality.evaluator"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(Question.about(snapshot, 10_000).to_line().encode())
    process.stdin.flush()
    said = from_line(process.stdout.readline().decode())
    process.stdin.close()
    rest = process.stdout.read().decode().splitlines()
    process.stdout.close()
    assert process.wait(60) == 0
    assert isinstance(said, Progress)
    assert all(isinstance(from_line(line), Progress) for line in rest)


@pytest.mark.parametrize("kind", ["gone", "folder", "pipe", "damaged", "link to itself"])
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.safetensors"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "damaged":
        path.write_bytes(bytes(8))
    elif kind == "link to itself":
        path.symlink_to(path)
    if kind != "damaged":
        with pytest.raises(QuestionError) as refused:
            Question.about(path, FEW)
        assert is_sentence(str(refused.value))
    refusal = answer(Question(path, 0, 0, FEW, 0), lambda _: None)  # as if it had become so while it waited
    assert isinstance(refusal, Refusal)
    assert is_sentence(refusal.sentence)


def test_messages_survive_the_way_and_other_lines_are_none() -> None:
    for message in (Progress(0.5, "comparing"), Refusal("There is no file x."), Metric(0.93, 0.99)):
        assert from_line(to_line(message)) == message
    for line in ("", "null", "[1]", "{}", '{"kind": "result"}', "Traceback", '{"kind": "score", "value": "much"}'):
        with pytest.raises(QuestionError):
            from_line(line)


def test_estimate_follows_what_was_measured() -> None:
    desk, question = Desk(), Question(PROJECT, 0, 0, 10_000, 0)
    other = Question(PROJECT, 0, 0, 10_000, 1)
    guessed = desk.left([question])
    assert guessed == module.guess("figures", False, 10_000)
    assert desk.left([question, other]) == guessed + module.guess("figures", True, 10_000)
    desk._took["figures", False, FEW] = module.deque([2 * module.guess("figures", False, FEW)])
    assert desk.left([question]) == pytest.approx(2 * guessed)
    desk._took["figures", False, 10_000] = module.deque([7.0, 8.0, 9.0])
    assert desk.left([question]) == 8.0
    assert desk.pid is None
