/** The page of the map: a frame, which its scripts fill. Nothing of a request stands in it. */

/** Only what this server sends is run, drawn or asked; pictures may be made in the page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * @param root the way from the page's address to the server's own: `./` or `../../`
 * @param feeds names of feeds whose pages are linked: letters, digits, dots and dashes
 */
export function mapPage(root: string, feeds: readonly string[]): string {
  const links = feeds.map((name) => ` <a href="${root}feed/${name}/status.html">Feed ${name}</a>`).join("");
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>granary: map</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${root}map/ol.css">
<link rel="stylesheet" href="${root}map/page.css">
<script defer src="${root}map/proj4.js"></script>
<script defer src="${root}map/ol.js"></script>
<script type="module" src="${root}map/main.ts"></script>
</head>
<body>
<a class="skip" href="#map">To the map</a>
<aside id="panel" aria-label="What is drawn">
  <header>
    <h1>granary</h1>
    <nav><a href="${root}api.html">API</a>${links}</nav>
    <button id="fold" type="button" aria-expanded="true" aria-controls="controls" title="Fold the panel">
      <span class="hidden">Fold the panel</span>
    </button>
  </header>
  <div id="controls">
    <section aria-labelledby="layers-title">
      <h2 id="layers-title">Layer</h2>
      <input id="layer-filter" type="search" placeholder="Find a layer" aria-label="Find a layer" hidden>
      <div id="layers" role="radiogroup" aria-labelledby="layers-title"></div>
      <form id="cmr" hidden>
        <label for="concept">Collection of NASA's CMR</label>
        <div class="row">
          <input id="concept" placeholder="C2670138092-NSIDC_CPRD" autocomplete="off" spellcheck="false"
            pattern="C[0-9]+-[A-Za-z0-9_]+" required>
          <button type="submit">Add</button>
        </div>
      </form>
    </section>
    <section id="what" aria-labelledby="what-title">
      <h2 id="what-title">Variable</h2>
      <select id="variable" aria-labelledby="what-title"></select>
      <div id="steps"></div>
      <p id="about" class="note"></p>
    </section>
    <section id="when" aria-labelledby="when-title">
      <h2 id="when-title">Time</h2>
      <div class="row">
        <button id="earlier" type="button" title="Earlier" aria-label="Earlier">◂</button>
        <input id="time" type="range" min="0" max="0" step="1" aria-label="Time">
        <button id="later" type="button" title="Later" aria-label="Later">▸</button>
        <button id="play" type="button" aria-pressed="false">Play</button>
      </div>
      <output id="time-text" for="time"></output>
      <label class="check" id="all-times-label"><input id="all-times" type="checkbox"> All times together</label>
      <label id="date-label" for="date">Day</label>
      <input id="date" type="date">
    </section>
    <section aria-labelledby="colours-title">
      <h2 id="colours-title">Colours</h2>
      <select id="colormap" aria-label="Colormap"></select>
      <div class="row" role="group" aria-label="Range">
        <input id="low" type="number" step="any" aria-label="Lowest value">
        <span aria-hidden="true">to</span>
        <input id="high" type="number" step="any" aria-label="Highest value">
        <button id="auto" type="button" title="Choose the range by the values">Auto</button>
      </div>
      <label for="opacity">Opacity</label>
      <input id="opacity" type="range" min="0" max="1" step="0.05" value="1">
    </section>
    <section aria-labelledby="view-title">
      <h2 id="view-title">View</h2>
      <div id="views" class="segments" role="radiogroup" aria-labelledby="view-title"></div>
    </section>
    <section aria-labelledby="address-title">
      <h2 id="address-title">Tiles</h2>
      <div class="row">
        <input id="address" readonly aria-labelledby="address-title" spellcheck="false">
        <button id="copy" type="button">Copy</button>
      </div>
      <p class="note"><a id="tilejson">TileJSON</a> <a id="wmts">WMTS</a></p>
    </section>
  </div>
</aside>
<main>
  <div id="map" tabindex="0" role="application"
    aria-label="Map. Arrow keys move it, plus and minus zoom, Enter reads the value in the middle."></div>
  <figure id="legend" hidden>
    <figcaption id="legend-title"></figcaption>
    <canvas id="legend-bar" width="256" height="1" role="img"></canvas>
    <div id="legend-ticks"></div>
  </figure>
  <section id="values" aria-label="Values" hidden>
    <header>
      <h2 id="values-title"></h2>
      <button id="values-close" type="button" aria-label="Close the values">×</button>
    </header>
    <div id="values-body"></div>
    <div id="series"></div>
  </section>
  <p id="status" role="status" aria-live="polite"></p>
</main>
</body>
</html>
`;
}
