"""Looking back on a run: the slider, the film, a click on a curve, the address, and the generator of a moment."""

import base64
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from gan import render, runs
from gan.models.snapshots import snapshot_paths
from gan.runs import store
from gan.training import timetable
from gan.training.messages import Record, Sample, Summary
from tests.helpers import small, stop_at, train, until
from tests.servers import Server

CHART = "document.querySelector('.st-key-curves .js-plotly-plot')"
LINES = f"({CHART}?.layout?.shapes ?? []).filter((one) => one.name === 'moment').map((one) => one.x0)"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a moment after each of its twenty steps, and the noise before them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timetable, "EVERY", timetable.EVERY | {"sample": 0.0, "snapshot": 0.0})
        folder = runs.create(small(images=0, seconds=30.0), tmp_path_factory.mktemp("trained") / "run")
        train(folder, stop_at(640))
    assert [images for images, _ in store.read_moments(folder)] == list(range(0, 641, 32))
    return folder


@pytest.fixture
def lived(server: Server, monkeypatch: pytest.MonkeyPatch, trained: Path) -> Path:
    """That run, on the server."""
    monkeypatch.setenv("GAN_RUNS_DIR", str(server.runs))
    folder = runs.create(small(images=0, seconds=30.0))
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    return folder


def picture(page: Page) -> bytes:
    """The large picture of the page, as it came."""
    source = page.locator(".st-key-live img.digits").first.get_attribute("src") or ""
    return base64.b64decode(source.partition(",")[2])


def recorded(folder: Path, images: int) -> bytes:
    (found,) = [sample.png for sample in store.read_samples(folder) if sample.images == images]
    return found


def shows(page: Page, folder: Path, images: int) -> None:
    """Waits until the page shows the picture that was recorded then, and says so everywhere."""
    until(lambda: picture(page) == recorded(folder, images))
    expect(page.get_by_text(f"after {images:,} images", exact=True)).to_be_visible()
    expect(page.get_by_test_id("moment-label")).to_contain_text(f"{images:,} images")


def looks_back(page: Page, folder: Path, images: int) -> None:
    shows(page, folder, images)
    expect(page.get_by_role("button", name=f"as it was after {images:,} images · back to now")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"at={images}$"))
    until(lambda: set(page.evaluate(LINES)) == {images / 1000})


def is_now(page: Page, folder: Path) -> None:
    shows(page, folder, store.read_moments(folder)[-1][0])
    expect(page.get_by_role("button", name="back to now")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("at="))
    until(lambda: page.evaluate(LINES) == [])


def test_slider_shows_the_picture_recorded_then(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}")
    is_now(page, lived)
    slider = page.get_by_test_id("moment")
    slider.focus()
    slider.press("ArrowLeft")
    looks_back(page, lived, 608)
    slider.fill("3")
    looks_back(page, lived, 96)
    # The address is the moment: a link shows it again, and so does a reload.
    page.reload()
    looks_back(page, lived, 96)
    page.go_back()
    looks_back(page, lived, 608)
    page.get_by_role("button", name="back to now").click()
    is_now(page, lived)
    slider.fill("0")
    looks_back(page, lived, 0)
    slider.fill("20")
    is_now(page, lived)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_click_on_a_curve_goes_to_the_nearest_moment(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}")
    is_now(page, lived)
    until(lambda: page.evaluate(f"Boolean({CHART}?._fullLayout?.xaxis)"))
    place = page.evaluate(
        f"(() => {{ const chart = {CHART}; const axis = chart._fullLayout.xaxis;"
        " const box = chart.getBoundingClientRect();"
        " return [box.left + axis._offset + axis.d2p(0.33), box.top + chart._fullLayout.yaxis._offset + 20]; })()"
    )
    page.mouse.move(place[0] + 3, place[1])
    page.mouse.move(*place)
    until(lambda: page.locator(".hoverlayer .legend, .hoverlayer .hovertext").count() > 0)
    page.mouse.click(*place)
    looks_back(page, lived, 320)


def test_film_goes_through_the_moments_and_ends_now(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}")
    is_now(page, lived)
    page.get_by_test_id("film").click()
    seen: list[bytes] = []

    def ended() -> bool:
        seen.append(picture(page))
        return len(seen) > 20 and page.get_by_role("button", name="Play the run as a film").count() > 0

    until(ended, seconds=60)
    is_now(page, lived)
    order = [recorded(lived, images) for images in range(0, 641, 32)]
    numbers = [order.index(one) for one in seen]
    numbers = numbers[numbers.index(0) :]  # it begins where the run began
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 10
    # Its moments do not fill the list of pages that Back goes through.
    assert page.evaluate("history.length") < 5


def test_film_can_be_stopped_anywhere(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}&at=320")
    looks_back(page, lived, 320)
    page.get_by_test_id("film").click()
    later = {recorded(lived, images): images for images in range(352, 640, 32)}
    until(lambda: picture(page) in later)
    page.get_by_test_id("film").click()
    expect(page).to_have_url(re.compile(rf"at=({'|'.join(map(str, later.values()))})$"))
    looks_back(page, lived, int(page.url.split("at=")[1]))


def test_film_ends_where_one_goes_back_to_now(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}")
    is_now(page, lived)
    page.get_by_test_id("film").click()
    middle = [recorded(lived, images) for images in range(160, 448, 32)]
    until(lambda: picture(page) in middle)
    # Not by Playwright, which waits for a button whose label stays.
    page.evaluate("document.querySelector('.st-key-now button').click()")
    now = recorded(lived, 640)
    until(lambda: picture(page) == now)
    then = set()
    for _ in range(20):  # several moments of a film
        page.wait_for_timeout(35)
        then.add(picture(page))
    assert len(then - {now}) < 2  # the moment for which the film had asked already
    expect(page.get_by_role("button", name="Play the run as a film")).to_be_visible()
    is_now(page, lived)


def test_gif_holds_the_pictures_as_recorded(page: Page, lived: Path, tmp_path: Path) -> None:
    page.goto(f"/train?run={lived.name}")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="GIF").click()
    waiting.value.save_as(tmp_path / "film.gif")
    film = Image.open(tmp_path / "film.gif")
    assert film.n_frames == 21
    for number in (0, 7, 20):
        film.seek(number)
        frame = np.asarray(film.convert("L"))[render.CAPTION :]
        np.testing.assert_array_equal(frame[::2, ::2], render.pixels(recorded(lived, 32 * number)))


def test_moment_opens_its_generator(page: Page, lived: Path) -> None:
    page.goto(f"/train?run={lived.name}&at=160")
    looks_back(page, lived, 160)
    page.get_by_role("link", name="Explore this moment").click()
    expect(page).to_have_url(re.compile(rf"explore\?model={lived.name}(:|%3A)160"))
    expect(page.get_by_text("what it thought at this moment is not kept")).to_be_visible()
    expect(page.get_by_test_id("digit-canvas")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_nearest_is_shown_and_said_where_a_moment_is_not_kept(page: Page, lived: Path) -> None:
    for path in snapshot_paths(lived)[3:6]:
        path.unlink()
    page.goto(f"/train?run={lived.name}&at=150")
    shows(page, lived, 160)
    expect(page.get_by_text("as it was after 160 images, the nearest picture to 150 that is kept")).to_be_visible()
    page.get_by_role("link", name="Explore this moment").hover()
    expect(page.get_by_text("The generator of then is not kept; this is the nearest, after 96 images.")).to_be_visible()
    page.goto(f"/train?run={lived.name}&at=soon")
    shows(page, lived, 640)
    expect(page.get_by_text("there is no moment soon, a number of images")).to_be_visible()
    page.get_by_role("button", name="back to now").click()
    is_now(page, lived)


@pytest.fixture
def training(lived: Path) -> Iterator[store.Writer]:
    """The same run, held by this process as by a worker that trains."""
    writer = store.Writer(lived)
    with runs.lock(lived), closing(writer):
        writer(replace(runs.read(lived).status, state="running"))
        yield writer


def test_page_stays_at_the_moment_while_the_run_goes_on(page: Page, lived: Path, training: store.Writer) -> None:
    page.goto(f"/train?run={lived.name}&at=320")
    looks_back(page, lived, 320)
    status = replace(runs.read(lived).status, state="running")  # it reads as silent where a page takes its time
    training(status)
    expect(page.locator(".state-running")).to_be_visible()
    box = page.get_by_test_id("moment").bounding_box()
    for images in range(672, 1000, 32):
        training(Record(images, images / 100, 0, {"loss_g": Summary(1.0, 0.9, 1.1)}))
        training(Sample(images, images / 100, recorded(lived, 640)))
        training(replace(status, progress=replace(status.progress, images=images)))
    expect(page.locator(".where")).to_contain_text("992 images")
    looks_back(page, lived, 320)
    assert page.get_by_test_id("moment").bounding_box() == box
    page.get_by_role("button", name="back to now").click()
    expect(page.get_by_text("after 992 images", exact=True)).to_be_visible()


def test_run_without_pictures_says_so(page: Page, lived: Path) -> None:
    with closing(store.Writer(lived)) as writer:
        writer._connection.execute("DELETE FROM samples")
    page.goto(f"/train?run={lived.name}&at=320")
    expect(page.get_by_text("this run has kept no pictures of its life")).to_be_visible()
    expect(page.get_by_text("no picture of that moment is kept")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_nothing_gives_way_where_one_looks_back(page: Page, lived: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/train?run={lived.name}")
    is_now(page, lived)
    parts = [".st-key-curves", ".st-key-live img.digits", ".lookback", ".where"]
    before = [page.locator(part).first.bounding_box() for part in parts]
    page.get_by_test_id("moment").fill("4")
    looks_back(page, lived, 128)
    assert [page.locator(part).first.bounding_box() for part in parts] == before


def latent(page: Page) -> str | None:
    """The latent in the address. Asked of the page: `page.url` is as of the last call to it."""
    found: str | None = page.evaluate("new URLSearchParams(location.search).get('z')")
    return found


def birth(page: Page, lived: Path) -> Locator:
    """The strip of the latent with which the page opens."""
    page.goto(f"/explore?model={lived.name}")
    expect(page.get_by_test_id("digit-canvas")).to_be_visible()
    until(lambda: latent(page))
    page.get_by_text("The birth of this digit").click()
    page.get_by_test_id("birth").click()
    strip = page.locator("img[alt^='The latent through the life of its run']")
    expect(strip).to_be_visible()
    return strip


def test_latent_in_hand_is_seen_through_the_life_of_its_run(page: Page, lived: Path) -> None:
    birth(page, lived)
    expect(page.locator(".birth span")).to_have_count(11)
    expect(page.locator(".birth span").last).to_have_text("640")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_strip_follows_the_latent_when_one_asks_again(page: Page, lived: Path) -> None:
    strip = birth(page, lived)
    before, address = strip.get_attribute("src"), latent(page)
    page.get_by_role("button", name="Random", exact=True).click()
    until(lambda: latent(page) != address)
    page.get_by_test_id("birth").click()
    until(lambda: strip.get_attribute("src") != before)


def test_generator_that_ships_has_no_life_to_show(page: Page) -> None:
    page.goto("/explore?model=pretrained")
    expect(page.get_by_test_id("digit-canvas")).to_be_visible()
    expect(page.get_by_text("The birth of this digit")).to_have_count(0)
