"""Headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WIDTHS = {"phone": 375, "desktop": 1240}


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Any]:
    """A driver of a new browser, whose profile is in the folder."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--force-device-scale-factor=1",
        f"--user-data-dir={folder}",
        *flags,
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def offline(folder: Path) -> Iterator[Any]:
    """A browser without a network and without scrollbars, for pictures of a page."""
    with chromium(folder, "--hide-scrollbars") as driver:
        driver.execute_cdp_cmd("Network.enable", {})
        conditions = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
        yield driver


def opened(driver: Any, page: Path, width: int, scheme: str, height: int = 900) -> None:
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme_feature]})
    driver.get(page.as_uri())


# What the browser shows of each chart: words of its picture, coloured marks, and words that are cut off.
SEEN = """
return Object.fromEntries([...document.querySelectorAll('section')].map(section => {
  const box = section.getBoundingClientRect();
  const picture = [...section.querySelectorAll('svg')].find(each => each.getBoundingClientRect().width > 0);
  const texts = picture ? [...picture.querySelectorAll('text')].filter(each => each.textContent) : [];
  const marks = picture ? [...picture.querySelectorAll('[aria-roledescription=bar], [aria-roledescription=tick]')] : [];
  return [section.id, {
    title: section.querySelector('h2').textContent,
    reason: (section.querySelector('.reason') || {}).textContent || '',
    words: texts.map(each => each.textContent),
    marks: marks.filter(each => each.getBoundingClientRect().width + each.getBoundingClientRect().height > 0).length,
    colour: marks.length ? getComputedStyle(marks[0]).fill : '',
    cut: texts.filter(each => {
      const word = each.getBoundingClientRect();
      return word.left < box.left || word.right > box.right;
    }).map(each => each.textContent),
  }];
}));
"""
