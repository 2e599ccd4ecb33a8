// The style sheet of the live page: light and dark, wide and narrow.

extension LivePage {
  static let style = """
    :root {
      color-scheme: light dark;
      --ground: #f6f7f9; --panel: #ffffff; --text: #1b1f24; --muted: #5c6570; --line: #dde1e6;
      --accent: #1f6feb; --area: #1f6feb22; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #0d1117; --panel: #161b22; --text: #e6edf3; --muted: #9aa4af; --line: #2b323b;
        --accent: #58a6ff; --area: #58a6ff26; --good: #3fb950; --warn: #d29922; --bad: #f85149;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 78rem; background: var(--ground); color: var(--text);
      font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; margin-bottom: .75rem; }
    h1 { font-size: 1.25rem; margin: 0; }
    h1 #where { font-weight: 400; color: var(--muted); font-size: 1rem; overflow-wrap: anywhere; }
    h2 { font-size: .95rem; margin: 0 0 .5rem; }
    #state { margin: 0; color: var(--muted); }
    #dot {
      display: inline-block; width: .65rem; height: .65rem; border-radius: 50%; margin-right: .45rem;
      background: var(--warn);
    }
    #dot.good { background: var(--good); } #dot.bad { background: var(--bad); }
    .tiles { display: grid; gap: .75rem; grid-template-columns: repeat(4, minmax(0, 1fr)); }
    .tile, .panel {
      background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .85rem;
      min-width: 0;
    }
    .tile .name { color: var(--muted); font-size: .85rem; }
    .tile .value { font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    .tile .value small { font-size: .9rem; font-weight: 400; color: var(--muted); }
    .tile .note { color: var(--muted); font-size: .8rem; min-height: 1.2em; }
    .tile svg {
      display: block; width: 100%; height: 44px; margin-top: .25rem; border-bottom: 1px solid var(--line);
    }
    .tile path.line { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
    .tile path.area { fill: var(--area); stroke: none; }
    .panels {
      display: grid; gap: .75rem; margin: .75rem 0; align-items: start; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr));
    }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    th:last-child, td:last-child { padding-right: 0; }
    th { font-weight: 500; color: var(--muted); font-size: .85rem; }
    tr:last-child td { border-bottom: 0; }
    td.bad { color: var(--bad); font-weight: 600; } td.warn { color: var(--warn); }
    td.none { color: var(--muted); }
    .scroll { overflow-x: auto; }
    #none { margin: .25rem 0 0; color: var(--muted); }
    nav { display: flex; gap: .4rem; margin-bottom: .5rem; flex-wrap: wrap; }
    nav button {
      font: inherit; color: var(--text); background: none; border: 1px solid var(--line); border-radius: 1rem;
      padding: .15rem .8rem; cursor: pointer;
    }
    nav button[aria-pressed=true] { background: var(--accent); border-color: var(--accent); color: var(--panel); }
    footer { margin-top: 1rem; color: var(--muted); font-size: .85rem; }
    footer a { color: inherit; margin-right: .75rem; }
    @media (max-width: 54rem) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
    @media (max-width: 34rem) {
      body { padding: .6rem; }
      .tiles { gap: .5rem; }
      .tile { padding: .5rem .6rem; } .tile .value { font-size: 1.25rem; }
      .panels { gap: .5rem; margin: .5rem 0; }
      #connections { font-size: .8rem; }
      #connections :is(th, td) { padding-inline: .25rem; }
      #connections :is(th, td):first-child { padding-left: 0; }
      #connections :is(th, td):is(:nth-child(2), :nth-child(3)) { display: none; }
    }
    """
}
