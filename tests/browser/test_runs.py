from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, expect

from gan import runs
from gan.runs import store, trash
from tests.helpers import small, status_at
from tests.servers import Server


def _run(folder: Path, **changes: object) -> None:
    writer = store.Writer(runs.create(small(**changes), folder))
    writer(status_at("stopped", images=640, seconds=3.0))
    writer.close()


def test_deleted_run_is_undone_where_one_has_just_clicked(page: Page, server: Server) -> None:
    names = ["20260103-cgan", "20260102 <img src=x onerror=document.title='broken'>", "20260101-cgan"]
    for name in names:
        _run(server.runs / name)
    page.goto("/runs")
    expect(page.get_by_role("button", name="Delete")).to_have_count(3)
    expect(page.get_by_text(names[1])).to_be_visible()
    row = page.get_by_role("button", name="Delete").nth(1)
    before = row.bounding_box()
    row.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(2)
    assert not (server.runs / names[1]).exists()
    after = page.get_by_role("button", name="Undo").bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < before["height"] * 2
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Delete")).to_have_count(3)
    assert (server.runs / names[1]).is_dir()
    assert list((server.runs / trash.TRASH).iterdir()) == []
    expect(page).not_to_have_title("broken")


def test_run_that_cannot_be_resumed_now_says_why_below_itself(page: Page, server: Server) -> None:
    """The list refreshes by itself meanwhile, since something trains; this process holds it as a worker does."""
    for name in ("20260102-cgan", "20260101-cgan"):
        _run(server.runs / name)
    (server.runs / "20260101-cgan" / store.CHECKPOINT).write_bytes(b"checkpoint")
    training = server.runs / "20260102-cgan"
    with runs.lock(training), closing(store.Writer(training)) as writer:
        writer(status_at("running", images=640, seconds=3.0))
        page.goto("/runs")
        page.get_by_role("button", name="Resume").click()
        row = page.locator(".st-key-row-20260101-cgan")
        expect(row.get_by_text("is training now")).to_be_visible()
        page.wait_for_timeout(2500)  # the list has been drawn again
        expect(row.get_by_role("link", name="Show it")).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("is training now")).to_have_count(0)
