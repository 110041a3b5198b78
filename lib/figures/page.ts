import {COURSE_BAR_STYLE, courseBar} from './courseBar';
import {type Chart, colors, type JsonObject} from './style';

/**
 * One figure as the page shows it: its words, its picture where there is one, and its chart where it is one.
 */
export interface PageFigure {
  readonly id: string;
  readonly words: JsonObject;
  /** From the page to its picture. */
  readonly src: string;
  /** Pixels of the PNG; null where it was never drawn. */
  readonly picture: {readonly width: number; readonly height: number} | null;
  readonly chart: Chart | null;
  /** The papers' figures that it is to be seen beside. */
  readonly beside?: readonly PagePanel[];
}

/** A paper's picture, or what stands in its place. */
export interface PagePanel {
  /** Such as "MADE, figure 3". */
  readonly name: string;
  /** What it shows, and the number that the paper reports. */
  readonly sentence: string;
  readonly address: string;
  /** From the page to the picture; null where there is none on this machine. */
  readonly src: string | null;
}

export interface PageTable {
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Page {
  readonly tables: readonly PageTable[];
  /** In the order in which they are shown; those of one notebook next to each other. */
  readonly figures: readonly PageFigure[];
  /** From the page to a notebook, and to Plotly: relative, or file: URLs. */
  readonly hrefOf: (notebook: string) => string;
  readonly plotly: string;
  /** From the page to the one where the models run; null where it was not built. */
  readonly playground: string | null;
  /** From the page to the README; null where it is not there. */
  readonly readme: string | null;
}

/**
 * One page that shows it all, without a server and without the network: the tables, then every figure under
 * the heading that says what it finds. A picture is there at once; where it is a chart it becomes interactive
 * when it is scrolled to, if Plotly is there and the screen is wide enough for it.
 */
export function pageHtml({tables, figures, hrefOf, plotly, playground, readme}: Page): string {
  const sections = new Map<string, PageFigure[]>();
  for (const figure of figures) {
    const notebook = String(figure.words.notebook ?? '');
    sections.set(notebook, [...(sections.get(notebook) ?? []), figure]);
  }
  const contents = [...sections.keys()].map(
    (name) => `<li><a href="#${escaped(name)}">${escaped(name)}</a></li>`,
  );
  const body = [...sections].map(([name, list]) => {
    const link = name === '' ? '' : ` <a href="${escaped(hrefOf(name))}">read the notebook</a>`;
    return `<section aria-labelledby="${escaped(name)}">
<h2 id="${escaped(name)}">${escaped(name)}</h2><p class="small">${link}</p>
${list.map((figure) => figureHtml(figure)).join('\n')}
</section>`;
  });
  const notebook = [...sections.keys()].find((name) => name !== '');
  const links = {
    results: '#',
    playground,
    notebooks: notebook === undefined ? null : hrefOf(notebook),
    readme,
  };
  const bar = courseBar(links, 'results').map(({name, href, here}) => {
    return `<li><a href="${escaped(href)}"${here ? ' aria-current="page"' : ''}>${name}</a></li>`;
  });
  const charts = Object.fromEntries(figures.flatMap(({id, chart}) => (chart === null ? [] : [[id, chart]])));
  // In a script element only "</" and "<!--" could end the text.
  const data = JSON.stringify(charts).replace(/</g, '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Autoregressive image models: results and figures</title>
<style>${STYLE}${COURSE_BAR_STYLE}</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
${bar.length === 0 ? '' : `<nav class="course" aria-label="Course"><ul>${bar.join('')}</ul></nav>`}
<header>
<h1>Autoregressive image models</h1>
<p>MADE, PixelCNN, Gated PixelCNN, Row LSTM and Diagonal BiLSTM write the probability of an image as a
product, a pixel at a time: p(x) = ∏ p(x<sub>d</sub> | x<sub>&lt;d</sub>). Here is what this course's
notebooks found, in their order: likelihoods beside the papers', then every figure, under the sentence that
it shows.</p>
${playground === null ? '' : `<p><a class="touch" href="${escaped(playground)}">Touch it: the five models run in your browser</a></p>`}
</header>
<nav aria-label="Contents"><ul><li><a href="#results">Results</a></li>${contents.join('')}</ul></nav>
<main>
<section aria-labelledby="results"><h2 id="results">Results</h2>
${tables.map(tableHtml).join('\n')}
</section>
${body.join('\n')}
</main>
<script type="application/json" id="charts">${data}</script>
<script src="${escaped(plotly)}"></script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function panelHtml({name, sentence, address, src}: PagePanel): string {
  const words = `From the paper: <a href="${escaped(address)}">${escaped(name)}</a>. ${escaped(sentence)}`;
  if (src === null) {
    return `<p class="place"><span>${words} <code>npm run paper-figures</code> sets the picture here.</span></p>`;
  }
  return `<p><img class="paper" src="${escaped(src)}" alt="${escaped(sentence)}" loading="lazy"><span class="small">${words}</span></p>`;
}

function figureHtml({id, words, src, picture, chart, beside = []}: PageFigure): string {
  const {title = id, description = '', paper = '', seed = '', command = '', minutes = ''} = words;
  const image =
    picture === null
      ? '<p class="small">There is no picture of this chart: it was drawn without a browser.</p>'
      : `<img src="${escaped(src)}" alt="${escaped(description)}" width="${picture.width}" height="${picture.height}" loading="lazy"${chart === null ? ' class="pixels"' : ''}>`;
  const facts = [
    paper === '' ? '' : `Compare ${paper}`,
    seed === '' ? '' : `seed ${seed}`,
    `made by ${command}`,
    minutes === '' ? '' : `about ${minutes} min`,
  ].filter((fact) => fact !== '');
  const kind = chart === null ? '' : ` class="chart" data-chart="${escaped(id)}"`;
  return `<figure id="${escaped(id)}" aria-labelledby="${escaped(id)}-title">
<h3 id="${escaped(id)}-title">${escaped(title)}</h3>
${beside.map(panelHtml).join('\n')}
<div${kind}>${image}</div>
<figcaption>${escaped(description)} <span class="small">${facts.map(escaped).join(' · ')}</span></figcaption>
</figure>`;
}

function tableHtml({caption, header, rows}: PageTable): string {
  const head = header.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('');
  const lines = rows.map(([first, ...rest]) => {
    return `<tr><th scope="row">${escaped(first)}</th>${rest.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  // Wide tables scroll by themselves, by keyboard, too.
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead><tbody>${lines.join('\n')}</tbody></table></div>
<p class="small" hidden>The table is wider than the page: scroll it sideways.</p>`;
}

/** For text and for attributes in double quotes. */
function escaped(text: unknown): string {
  const names: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
  return String(text).replace(/[&<>"]/g, (letter) => names[letter]);
}

const STYLE = `
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif}
body{background:${colors.background};color:${colors.text}}
h1{font-size:1.9rem;line-height:1.2}h2{margin-top:3rem;border-bottom:2px solid ${colors.text}}
h3{font-size:1.1rem;margin:0 0 .5rem}
a{color:#0B5394}a:focus-visible,div:focus-visible{outline:3px solid #D55E00;outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
.touch{display:inline-block;padding:.5rem 1rem;border-radius:.4rem;text-decoration:none}
.touch{background:${colors.text};color:${colors.background}}
.paper{max-width:min(100%,40rem)}
.place{display:grid;place-content:center;max-width:40rem;min-height:9rem;padding:1rem;text-align:center}
.place{border:2px dashed ${colors.reference}}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:0;list-style:none}
figure{margin:2.5rem 0}figcaption{margin-top:.5rem}.small{font-size:.875rem;color:#555}
.chart{overflow-x:auto}.chart img{width:100%;max-width:48rem}img{max-width:100%;height:auto;display:block}
.pixels{image-rendering:pixelated;width:100%;max-width:56rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
caption{text-align:left;font-weight:bold;padding:.5rem 0}
th,td{padding:.3rem .6rem;border-bottom:1px solid #CCC;text-align:right;white-space:nowrap}
th[scope=row],thead th:first-child{text-align:left}
thead th{white-space:normal;vertical-align:bottom}
`;

/** A chart is drawn when it comes near the window, and given back its picture when drawing fails. */
const SCRIPT = `
for (const table of document.querySelectorAll('.wide')) {
  table.nextElementSibling.hidden = table.scrollWidth <= table.clientWidth;
}
const charts = JSON.parse(document.getElementById('charts').textContent);
const places = document.querySelectorAll('[data-chart]');
const draw = async (place) => {
  const {data, layout, frames} = charts[place.dataset.chart];
  if (window.innerWidth < 700) return;
  const picture = [...place.childNodes];
  const box = document.createElement('div');
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', layout.meta.description || layout.meta.title);
  try {
    place.replaceChildren(box);
    // Its title is the heading already.
    await Plotly.newPlot(box, data, {...layout, title: {...layout.title, text: ''}}, {displayModeBar: false});
    if (frames) await Plotly.addFrames(box, frames);
    place.dataset.drawn = 'yes';
  } catch (error) {
    place.replaceChildren(...picture);
    throw error;
  }
};
if (window.Plotly) {
  const seen = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      draw(target);
    }
  }, {rootMargin: '400px'});
  for (const place of places) seen.observe(place);
}
`;
