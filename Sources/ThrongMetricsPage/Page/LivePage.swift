// The live page: one file without references to others, so that it works where only this server can be
// reached. Its script gets the figures as server-sent events.

enum LivePage {
  static let response = HTTPResponse(
    status: .ok, type: "text/html; charset=utf-8", body: html,
    headers: [
      """
      Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
      script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'
      """
    ])

  private static let html = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>throng</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <header>
      <h1><span id="dot"></span>throng <span id="where"></span></h1>
      <p id="state">connecting</p>
    </header>
    <main>
      <section class="tiles" id="tiles" aria-label="Figures of the last two minutes"></section>
      <section class="panels">
        <div class="panel">
          <h2>Event loops</h2>
          <table id="loops"></table>
        </div>
        <div class="panel">
          <h2>Refused and ended</h2>
          <table id="reasons"></table>
        </div>
      </section>
      <section class="panel">
        <h2>Connections</h2>
        <nav id="lists"></nav>
        <div class="scroll"><table id="connections"></table></div>
        <p id="none"></p>
      </section>
    </main>
    <footer>
      <a href="/metrics">/metrics</a> <a href="/connections.json">/connections.json</a>
      <a href="/healthz">/healthz</a>
    </footer>
    <script>
    \(script)
    </script>
    </body>
    </html>

    """
}
