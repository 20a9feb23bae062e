"""A page in headless Chromium, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WIDTHS = {"phone": 375, "desktop": 1240}


@contextmanager
def chromium(folder: Path) -> Iterator[Any]:
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
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    yield driver
    driver.quit()


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
