"""The process of evaluations, with fewer real images: `python -m tests.evaluator`."""

import pytest

from gan import data
from gan.quality import evaluator
from tests.helpers import with_fewer

if __name__ == "__main__":
    with_fewer(data.load(), pytest.MonkeyPatch())
    evaluator.main()
