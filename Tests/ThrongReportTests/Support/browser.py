"""Opens pages in headless Chromium and says, as JSON, what is to be seen there.

usage: browser.py FILE... [--pictures DIRECTORY]

Speaks the DevTools protocol over a pipe: no port, no library. Each file is opened at 360 and at 1,440
pixels, light and dark.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = (360, 1440)
# Seconds for one answer.
PATIENCE = 120

INSPECT = """(() => {
  const visible = e => e.getClientRects().length > 0;
  const points = [...document.querySelectorAll('.point[data-value]')].filter(visible);
  const data = e => ({...e.dataset, title: e.querySelector('title')?.textContent});
  const texts = [...document.querySelectorAll('svg.chart text.label')].filter(visible);
  const boxes = new Map();
  for (const t of texts) {
    const chart = t.closest('svg');
    boxes.set(chart, [...(boxes.get(chart) || []), t.getBoundingClientRect()]);
  }
  let overlaps = 0, outside = 0;
  for (const [chart, list] of boxes) {
    const frame = chart.getBoundingClientRect();
    list.sort((a, b) => a.top - b.top);
    list.forEach((box, i) => {
      if (box.right > frame.right + 1 || box.bottom > frame.bottom + 1) outside++;
      // The box of a line of text is higher than its letters.
      if (i && box.top + 3 < list[i - 1].bottom - 3) overlaps++;
    });
  }
  return {
    scrollWidth: document.documentElement.scrollWidth,
    points: points.map(data),
    cells: [...document.querySelectorAll('table.figures td[data-value]')].map(e => ({
      ...e.dataset, metric: e.closest('figure').id})),
    bold: document.querySelectorAll('table.figures td b').length,
    overlaps, outside, labels: texts.length,
    headings: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => +e.tagName[1]),
    scripts: document.scripts.length,
    unscopedHeads: document.querySelectorAll('th:not([scope])').length,
    tablesWithoutCaption: [...document.querySelectorAll('table')]
      .filter(t => !t.querySelector('caption')).length,
    unnamedPictures: [...document.querySelectorAll('svg')].filter(e =>
      e.getAttribute('aria-hidden') !== 'true' &&
      !(e.getAttribute('role') === 'img' && e.querySelector('title'))).length,
    doubleIds: [...document.querySelectorAll('[id]')].length -
      new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size,
    smallestLetter: Math.min(...[...document.querySelectorAll('svg.chart text')].filter(visible)
      .map(t => parseFloat(getComputedStyle(t).fontSize) * (t.getScreenCTM()?.a || 1))),
    background: getComputedStyle(document.body || document.documentElement).backgroundColor,
    text: document.body ? document.body.innerText : '',
  };
})()"""


class Browser:
    def __init__(self, profile):
        read_commands, self.commands = os.pipe()
        self.replies, write_replies = os.pipe()
        # Children inherit these two, moved to where Chromium looks for them: 3 and 4.
        script = 'exec 3<&%d 4>&%d; exec "$@"' % (read_commands, write_replies)
        self.process = subprocess.Popen(
            ["bash", "-c", script, "browser", "chromium", "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", "--disable-extensions",
             "--hide-scrollbars",
             "--user-data-dir=" + profile, "about:blank"],
            pass_fds=(read_commands, write_replies), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_commands)
        os.close(write_replies)
        self.buffer = b""
        self.number = 0
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def read(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            if not select.select([self.replies], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit("chromium does not answer")
            part = os.read(self.replies, 1 << 20)
            if not part:
                raise SystemExit("chromium has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self.read()
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise SystemExit("%s: %s" % (method, reply["error"]))
                return reply["result"]
            self.events.append(reply)

    def open(self, path, width, scheme):
        return self.open_address("file://" + path, width, scheme)

    def open_address(self, address, width, scheme):
        self.events = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=address)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.read())
        found = self.call("Runtime.evaluate", expression=INSPECT, returnByValue=True)["result"]["value"]
        found["errors"] = [
            e["params"] for e in self.events
            if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")]
        found["requests"] = [
            e["params"]["request"]["url"] for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
            and not e["params"]["request"]["url"].startswith("data:")]
        return found

    def picture(self, name):
        # The whole page, in pieces that can be looked at.
        height = self.call("Page.getLayoutMetrics")["cssContentSize"]["height"]
        width = self.call("Page.getLayoutMetrics")["cssContentSize"]["width"]
        for number, top in enumerate(range(0, int(height), 1600)):
            data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip={
                "x": 0, "y": top, "width": width, "height": min(1600, height - top), "scale": 1})
            with open("%s-%02d.png" % (name, number), "wb") as file:
                file.write(base64.b64decode(data["data"]))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, SystemExit):
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self.commands)
        os.close(self.replies)


def main():
    arguments = sys.argv[1:]
    pictures = None
    if "--pictures" in arguments:
        at = arguments.index("--pictures")
        pictures = arguments[at + 1]
        del arguments[at:at + 2]
    profile = tempfile.mkdtemp()
    browser = Browser(profile)
    views = []
    try:
        for path in arguments:
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    view = browser.open(os.path.abspath(path), width, scheme)
                    views.append(dict(view, file=path, width=width, scheme=scheme))
                    if pictures:
                        name = "%s/%s-%s-%d-%s" % (
                            pictures, os.path.basename(os.path.dirname(path)), os.path.basename(path),
                            width, scheme)
                        browser.picture(name)
    finally:
        browser.close()
        shutil.rmtree(profile, ignore_errors=True)
    json.dump(views, sys.stdout)


if __name__ == "__main__":
    main()
