"""Pictures of pages: taken where the test run leaves them, and compared as a person would who steps back."""

import base64
from pathlib import Path

from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
TAKEN = ROOT / "dist" / "screenshots"
KEPT = ROOT / "docs" / "screenshots"
RENEW = "look at dist/screenshots/, and run `make screenshots` if that is what pages should look like"

# From a distance: greys of squares of 20 pixels, so that a release of Chromium that draws letters a little otherwise,
# or another machine, makes no difference. 255 is black on white.
_SQUARE = 20
_MOST_IN_A_SQUARE = 60
_MOST_ON_AVERAGE = 2.0
_MASK_TIMES = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data.replace(/\\b\\d+(\\.\\d+)? ms\\b/g, "\u2013 ms");
  }
}"""
_GREYS = """async ([name, square]) => {
  const picture = await createImageBitmap(await (await fetch(name)).blob());
  const columns = Math.round(picture.width / square), rows = Math.round(picture.height / square);
  const paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d", {willReadFrequently: true});
  paper.drawImage(picture, 0, 0);
  const greys = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const {data} = paper.getImageData(column * square, row * square, square, square);
      let sum = 0;
      for (let at = 0; at < data.length; at += 4) {
        sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      }
      greys.push(sum / (data.length / 4));
    }
  }
  return [picture.width, picture.height, greys];
}"""


def take(page: Page, name: str) -> Path:
    """The page as it is seen now, without how long it took, as *name*.png."""
    TAKEN.mkdir(parents=True, exist_ok=True)
    page.evaluate(_MASK_TIMES)
    taken = TAKEN / f"{name}.png"
    page.screenshot(path=taken, animations="disabled", caret="hide")
    return taken


def difference(browser: Browser, taken: Path, kept: Path) -> str | None:
    """How the two are unlike each other; None where they are alike enough."""
    page = browser.new_page()
    try:
        (width, height, seen), (was_width, was_height, was) = (_greys(page, each) for each in (taken, kept))
    finally:
        page.close()
    if (width, height) != (was_width, was_height):
        return f"it is {width} by {height} pixels, and was {was_width} by {was_height}"
    apart = [abs(one - other) for one, other in zip(seen, was, strict=True)]
    most, average = max(apart), sum(apart) / len(apart)
    if most <= _MOST_IN_A_SQUARE and average <= _MOST_ON_AVERAGE:
        return None
    row, column = divmod(apart.index(most), width // _SQUARE)
    place = f"{column * _SQUARE} from the left, {row * _SQUARE} from the top"
    return f"greys are {average:.1f} of 255 apart on average, and up to {most:.0f}, {place}"


def _greys(page: Page, file: Path) -> tuple[int, int, list[float]]:
    data = base64.b64encode(file.read_bytes()).decode()
    width, height, greys = page.evaluate(_GREYS, [f"data:image/png;base64,{data}", _SQUARE])
    return width, height, greys
