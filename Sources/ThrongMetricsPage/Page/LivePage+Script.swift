// The script of the live page. It sets texts only by `textContent`: nothing that the server says is read
// as markup.

extension LivePage {
  static let script = #"""
    "use strict";
    const historyLength = 120;
    const byId = id => document.getElementById(id);
    const make = (tag, text, name) => {
      const element = document.createElement(tag);
      if (text !== undefined) element.textContent = text;
      if (name) element.className = name;
      return element;
    };

    const scaled = (value, units, step) => {
      let index = 0;
      while (Math.abs(value) >= step && index < units.length - 1) { value /= step; index += 1; }
      const digits = index === 0 && Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
      return [value.toFixed(digits), units[index]];
    };
    const count = value => scaled(value, ["", "k", "M", "G"], 1000);
    const bytes = value => scaled(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
    const time = seconds => {
      if (seconds >= 86400) return [(seconds / 86400).toFixed(1), "d"];
      if (seconds >= 3600) return [(seconds / 3600).toFixed(1), "h"];
      if (seconds >= 60) return [(seconds / 60).toFixed(1), "min"];
      if (seconds >= 1) return [seconds.toFixed(1), "s"];
      return seconds >= 0.001 ? [(seconds * 1000).toFixed(1), "ms"] : [(seconds * 1e6).toFixed(0), "µs"];
    };
    const percent = value => [(value * 100).toFixed(value < 0.1 ? 1 : 0), "%"];
    const joined = ([value, unit]) => unit ? `${value} ${unit}` : value;

    // Each tile: name, unit, how its value follows from two samples, and a note.
    const slowest = sample => Math.max(0, ...sample.loops.map(loop => loop.delay));
    const rate = name => (now, before, seconds) => (now[name] - before[name]) / seconds;
    const tiles = [
      ["Open connections", count, now => now.open,
        now => now.queue === null ? "" : `${now.queue} in the accept queue`],
      ["Accepted", count, rate("accepted"), now => `${joined(count(now.accepted))} in total`, "/s"],
      ["Received", bytes, rate("received"), now => `${joined(bytes(now.received))} in total`, "/s"],
      ["Sent", bytes, rate("sent"), now => `${joined(bytes(now.sent))} in total`, "/s"],
      ["Receives", count, rate("receives"), (now, before, seconds) =>
        `${joined(count((now.sends - before.sends) / seconds))} sends/s`, "/s"],
      ["Loop delay", time, slowest, now => now.loops.length > 1 ? "of the slowest loop" : ""],
      ["Largest outbox so far", bytes, now => now.outbox, now => `${now.dropped} messages dropped`],
      ["CPU", percent, rate("cpu"), now => now.memory === null ? "" :
        `${joined(bytes(now.memory))} resident`],
    ].map(([name, format, value, note, per]) => {
      const tile = make("div", undefined, "tile");
      const figure = make("div", "–", "value");
      const remark = make("div", "", "note");
      const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      chart.setAttribute("viewBox", `0 0 ${historyLength - 1} 44`);
      chart.setAttribute("preserveAspectRatio", "none");
      const paths = ["area", "line"].map(name => {
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("class", name);
        chart.append(path);
        return path;
      });
      tile.append(make("div", name, "name"), figure, remark, chart);
      byId("tiles").append(tile);
      return { format, value, note, per, figure, remark, paths, history: [] };
    });

    const draw = ({ history, paths }) => {
      const top = Math.max(...history, Number.MIN_VALUE) * 1.1;
      const first = historyLength - history.length;
      const points = history.map((value, index) =>
        `${first + index},${(43 - Math.max(0, value) / top * 41).toFixed(1)}`);
      paths[1].setAttribute("d", "M" + points.join("L"));
      paths[0].setAttribute("d", `M${first},44L${points.join("L")}L${historyLength - 1},44Z`);
    };

    const fill = (table, head, rows) => {
      const line = (cells, tag) => {
        const row = make("tr");
        for (const cell of cells) row.append(Array.isArray(cell) ? make(tag, ...cell) : make(tag, cell));
        return row;
      };
      const parts = rows.map(row => line(row, "td"));
      if (head) parts.unshift(line(head, "th"));
      byId(table).replaceChildren(...parts);
    };

    const delayCell = delay => [joined(time(delay)), delay >= 0.5 ? "bad" : delay >= 0.05 ? "warn" : ""];
    const showLoops = (now, before, seconds) => fill("loops",
      ["loop", "open", "turns/s", "events a turn", "delay"],
      now.loops.map((loop, index) => {
        const last = before.loops[index] ?? loop;
        const turns = loop.turns - last.turns;
        const events = loop.events - last.events;
        return [String(index), joined(count(loop.open)), joined(count(turns / seconds)),
          turns ? (events / turns).toFixed(1) : "–", delayCell(loop.delay)];
      }));

    const showReasons = (now, before, seconds) => {
      const rows = (title, counts, last) => Object.entries(counts).map(([reason, total]) => {
        const perSecond = (total - (last[reason] ?? 0)) / seconds;
        const quiet = total ? "" : "none";
        return [[`${title}${reason.replaceAll("_", " ")}`, quiet], [joined(count(total)), quiet],
          [perSecond ? `${joined(count(perSecond))}/s` : "", perSecond ? "warn" : ""]];
      });
      fill("reasons", ["reason", "total", "now"], [
        ...rows("refused: ", now.refused, before.refused), ...rows("ended: ", now.errors, before.errors),
        ["accepting paused", joined(count(now.pauses)), now.pauses > before.pauses ? "just now" : ""],
      ]);
    };

    let before;
    const show = now => {
      byId("where").textContent = now.addresses.join(", ");
      byId("state").textContent = now.model +
        (now.serving === "yes" ? ", the last two minutes" : ", not serving");
      byId("dot").className = now.serving === "yes" ? "good" : "bad";
      document.title = `${now.open} open · throng`;
      const last = before;
      before = now;
      if (!last || now.time <= last.time || now.accepted < last.accepted) return;
      const seconds = now.time - last.time;
      for (const tile of tiles) {
        const value = tile.value(now, last, seconds);
        tile.history.push(value);
        if (tile.history.length > historyLength) tile.history.shift();
        const [text, unit] = tile.format(value);
        tile.figure.replaceChildren(text + " ", make("small", unit + (tile.per ?? "")));
        tile.remark.textContent = tile.note(now, last, seconds);
        draw(tile);
      }
      showLoops(now, last, seconds);
      showReasons(now, last, seconds);
    };

    const lists = ["oldest", "largest", "slowest"];
    let chosen = lists[0];
    const showConnections = async () => {
      const report = await (await fetch("/connections.json")).json();
      byId("none").textContent = (report[chosen].length ? "" :
        chosen === "oldest" ? "no connections" : "no connection has unsent bytes") +
        (report.unansweredLoops ? ` (loops that did not answer: ${report.unansweredLoops})` : "");
      fill("connections", ["client", "id", "loop", "age", "idle", "outbox", "stalled"],
        report[chosen].map(each => [each.address, String(each.id), String(each.loop),
          joined(time(each.ageSeconds)), joined(time(each.idleSeconds)), joined(bytes(each.outboxBytes)),
          each.outboxBytes ? joined(time(each.stalledSeconds)) : "–"]));
    };
    for (const name of lists) {
      const button = make("button", name);
      button.setAttribute("aria-pressed", String(name === chosen));
      button.addEventListener("click", () => {
        chosen = name;
        for (const other of byId("lists").children)
          other.setAttribute("aria-pressed", String(other.textContent === name));
        showConnections();
      });
      byId("lists").append(button);
    }

    const events = new EventSource("/events");
    events.addEventListener("message", event => show(JSON.parse(event.data)));
    events.addEventListener("error", () => {
      byId("state").textContent = "no answer, trying again";
      byId("dot").className = "bad";
    });
    const refresh = () => {
      if (document.visibilityState === "visible") showConnections().catch(() => {});
    };
    refresh();
    setInterval(refresh, 3000);
    """#
}
