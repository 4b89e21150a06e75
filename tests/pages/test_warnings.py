import warnings

import pytest


@pytest.mark.parametrize(
    "module", ["gan", "gan.config", "pages.components.live", "benchmarks.drag", "tests", "__main__"]
)
def test_deprecated_calls_of_our_own_are_errors(module: str) -> None:
    with pytest.raises(DeprecationWarning, match="old"):
        warnings.warn_explicit("old", DeprecationWarning, "file.py", 1, module)


@pytest.mark.parametrize("module", ["torch.nn", "gang", "streamlit.pages"])
def test_deprecated_calls_of_others_are_not(module: str) -> None:
    warnings.warn_explicit("old", DeprecationWarning, "file.py", 1, module)
