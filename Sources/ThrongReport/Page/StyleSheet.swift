// Style sheet of the page for phone, desktop and dark mode. Fonts and images are not
// fetched.

enum StyleSheet {
  static var page: String { screen + wideAndNarrow + dark + SeriesStyle.styleSheet }

  private static let screen = """
    :root{color-scheme:light dark;--page:#f5f6f8;--card:#ffffff;--ink:#1b1f24;--soft:#59616b;\
    --rule:#dfe3e8;--accent:#0b5fa5;--bad:#b3262f;--tint:#eef4fa}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink);\
    font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;\
    overflow-wrap:anywhere}
    header,main,footer{max-width:1320px;margin:0 auto;padding:0 28px}
    header{padding-top:44px}
    .brand{margin:0 0 18px;color:var(--soft);font-size:14px}
    .brand b{color:var(--accent);letter-spacing:.01em}
    h1{font-size:clamp(25px,3.3vw,40px);line-height:1.2;letter-spacing:-.015em;font-weight:680;\
    margin:0 0 16px;max-width:30em;text-wrap:balance}
    .lead{font-size:clamp(17px,1.5vw,20px);color:var(--soft);margin:0 0 24px;max-width:58em}
    pre{margin:0 0 24px;padding:10px 14px;background:var(--card);border:1px solid var(--rule);\
    border-radius:8px;max-width:58em;overflow-x:auto}
    pre code{font-size:15px}
    .strip-title{color:var(--soft);font-size:14px;margin:0 0 6px}
    ul.strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;\
    list-style:none;margin:0 0 22px;padding:0}
    .strip li{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
    .strip .clients,.strip small{display:block;color:var(--soft);font-size:13px}
    h2{font-size:25px;line-height:1.25;letter-spacing:-.01em;margin:0 0 8px}
    h3{font-size:16.5px;margin:0;line-height:1.3}
    section{margin:48px 0 0}
    p{margin:0 0 12px}
    a{color:var(--accent)}
    nav ul{display:flex;flex-wrap:wrap;gap:6px 20px;list-style:none;margin:0;padding:12px 0;\
    border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);font-size:15px}
    nav a{text-decoration:none}
    nav a:hover{text-decoration:underline}
    a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);\
    outline-offset:2px}
    .explanation{color:var(--soft);max-width:52em}
    ul.findings,ul.prose,ul.plain,ul.advice{margin:0 0 16px;padding-left:1.15em;max-width:62em}
    ul.findings span{color:var(--soft)}
    ul.findings li,ul.prose li,ul.advice li{margin:0 0 7px}
    ul.remarks{list-style:none;margin:0 0 18px;padding:10px 16px;border-left:3px solid var(--soft);\
    background:var(--card);font-size:15px;max-width:64em}
    ul.remarks.worse{border-left-color:var(--bad)}
    ul.remarks.outside{background:none;margin-top:14px}
    .advice-box{background:var(--tint);border-radius:10px;padding:20px 24px 12px;margin-top:28px}
    .advice-box h2{font-size:19px}
    .grid{display:grid;gap:22px;grid-template-columns:repeat(2,minmax(0,1fr));margin-top:20px}
    .card{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;\
    padding:18px 18px 10px;min-width:0}
    .axis-note{color:var(--soft);font-size:14px;margin:1px 0 8px}
    .card .chart{display:block;width:100%;height:auto}
    .card svg.key{display:inline-block;width:12px;height:12px;margin-right:7px;vertical-align:-1px;overflow:visible}
    .scroll{overflow-x:auto;max-width:100%}
    table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4;\
    font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--soft);font-size:13px;padding:6px 0}
    caption span{display:block;position:sticky;left:0;width:fit-content;max-width:min(100%,calc(100vw - 40px))}
    th,td{padding:5px 10px 5px 0;text-align:left;vertical-align:baseline;font-weight:400}
    th:last-child,td:last-child{padding-right:0}
    thead th{color:var(--soft);font-size:13px;border-bottom:1px solid var(--rule);\
    vertical-align:bottom}
    tbody tr+tr>*{border-top:1px solid var(--rule)}
    .n{text-align:right;white-space:nowrap}
    thead .n{white-space:normal;overflow-wrap:normal}
    th,td{overflow-wrap:normal}
    tbody th{overflow-wrap:break-word;min-width:8.5em}
    .changes{font-size:14px}
    .commands td{min-width:9em;overflow-wrap:anywhere}
    .commands td.n{min-width:0}
    .figures{font-size:13.5px}
    .figures th:first-child{position:sticky;left:0;background:var(--card);background-clip:padding-box}
    .noise{display:block;color:var(--soft);font-size:12px}
    .none{color:var(--soft);font-size:12.5px}
    .bad{color:var(--bad)}
    .cells{font-size:12.5px}
    .cells td,.cells th{padding-right:8px}
    .cells thead th{font-size:12px}
    .cells tbody th{min-width:7.2em}
    .cells tr.first>*{border-top:2px solid var(--rule)}
    code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
    details{margin:10px 0 30px}
    summary{cursor:pointer;color:var(--accent);font-size:15px;padding:4px 0}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:12px 28px;\
    margin:0 0 16px}
    .facts dt{color:var(--soft);font-size:13px}
    .facts dd{margin:0}
    #cells h3{margin-top:22px}
    footer{color:var(--soft);font-size:14px;margin-top:56px;padding-top:18px;padding-bottom:40px}

    """

  private static let wideAndNarrow = """
    .narrow{display:none}
    @media(max-width:1080px){.grid{grid-template-columns:minmax(0,1fr)}\
    .card{max-width:760px}}
    @media(max-width:600px){.wide{display:none}.narrow{display:block}\
    header,main,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}\
    h2{font-size:22px}.figures tbody th{min-width:10.6em}section{margin-top:38px}\
    .card{border-radius:0;border-left:0;border-right:0;margin:0 -16px;padding:16px 12px 8px}\
    .advice-box{margin-left:-16px;margin-right:-16px;border-radius:0;padding:18px 16px 8px}}

    """

  private static let dark = """
    @media screen and (prefers-color-scheme:dark){:root{--page:#0e1013;--card:#15181d;--ink:#e8eaed;\
    --soft:#a4acb7;--rule:#2b3038;--accent:#74b9ff;--bad:#ff9494;--tint:#16222f}}

    """
}
