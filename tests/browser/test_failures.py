"""The Failures page in a browser: from a finding on the Train page to the failure, which is then made on purpose."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gan import runs
from gan.failures import BY_NAME
from pages.components import failures
from tests.recorded import recorded, run_of
from tests.servers import Server


@pytest.fixture
def broken(server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_RUNS_DIR", str(server.runs))
    return run_of(recorded("no-nine"))


def test_finding_leads_to_its_failure_which_is_then_broken_here(page: Page, server: Server, broken: Path) -> None:
    failure = BY_NAME["no-nine"]
    page.goto(f"/train?run={broken.name}")
    expect(page.locator('.st-key-diagnosis [data-kind="mode_collapse"]')).to_contain_text("No 9 is forged")
    page.get_by_text("Why?", exact=True).click()
    page.get_by_text(f"See it on purpose: {failure.title}").click()
    expect(page).to_have_url(re.compile(rf"/failures\?failure={failure.name}$"))
    expect(page.get_by_text("recorded:")).to_have_count(2)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("button", name="Break it", exact=True).click()
    expect(page).to_have_url(re.compile(r"broken="), timeout=90_000)
    run = runs.read(server.runs / page.url.split("broken=")[1])
    assert run.config == failures.settings(failure, "broken")
    expect(page.get_by_text("recorded:")).to_have_count(1)
    # It trains one run at a time: the cure waits, and says for what.
    page.get_by_role("button", name="Cure it", exact=True).click()
    expect(page.get_by_text("one run trains at a time")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Break it again")).to_be_visible()
