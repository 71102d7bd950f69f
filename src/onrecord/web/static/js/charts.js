// Charts of the dashboard: uPlot draws them, one crosshair walks through all, a click opens the rows, a drag zooms.
const data = JSON.parse(document.getElementById("charts-data")?.dataset.charts ?? "null");
const html = document.documentElement;
const HEIGHT = { alone: 320, many: 168 };
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
const NEAR = 24;
const DRAG = 8;
const drawn = [];

const hue = (name) => getComputedStyle(html).getPropertyValue(name).trim();
const two = (number) => String(number).padStart(2, "0");

function money(value, currency, digits = 2) {
  const small = value && Math.abs(value) < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: digits, maximumFractionDigits: 2 };
  try {
    return new Intl.NumberFormat("en-US", { style: "currency", currency, currencyDisplay: "narrowSymbol", ...small }).format(value);
  } catch {
    return `${currency} ${value}`;
  }
}
function duration(ms) {
  if (ms < 999.5) return ms && ms < 1 ? "<1 ms" : `${Math.round(ms)} ms`;
  if (ms < 59950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600 ? `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s` : `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} m`;
}
function written(value, plot) {
  if (value === null || value === undefined) return "–";
  if (plot.form === "ms") return duration(value);
  return plot.form === "money" ? money(value, plot.currency) : Math.round(value).toLocaleString("en-US");
}
function onAxis(value, plot) {
  if (plot.form === "ms") return value ? (value < 1000 ? `${value} ms` : `${value / 1000} s`) : "0";
  if (plot.form === "money") return value ? money(value, plot.currency, value < 1 ? 2 : 0) : "0";
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e4 ? `${value / 1e3}k` : Number.isInteger(value) ? value.toLocaleString("en-US") : "";
}
const day = (then) => then.toLocaleDateString("en-US", { month: "short", day: "2-digit" });
const clock = (then, fine) => `${two(then.getHours())}:${two(then.getMinutes())}${fine ? `:${two(then.getSeconds())}` : ""}`;
function times(splits, step) {
  let before = "";
  return splits.map((at) => {
    const then = new Date(at * 1000);
    const date = day(then);
    const text = step >= 86400 ? date : `${clock(then, step < 60)}${date === before ? "" : `\n${date}`}`;
    before = date;
    return text;
  });
}

/** The address of the rows behind a point; without a line, of all lines of the chart. */
function rows(line, place, alone) {
  const value = line.points[place];
  let wanted = line.rows;
  if (wanted.endsWith(">=")) {
    const known = alone && value !== null;
    wanted = known ? `${wanted}${(Math.floor(value * 1000) / 1000).toFixed(3)}ms` : wanted.slice(0, Math.max(wanted.lastIndexOf(" "), 0));
  }
  const start = data.starts[place] * 1e6;
  const end = start + data.interval * 1e6;
  const address = new URL(data.traces, location.href);
  const q = [data.q, wanted, alone ? line.own : ""].filter(Boolean).join(" ");
  if (q) address.searchParams.set("q", q);
  address.searchParams.set("from", Math.max(start, data.since));
  address.searchParams.set("to", data.until ? Math.min(end, data.until) : end);
  return address;
}
function zoom(from, to) {
  const address = new URL(data.here, location.href);
  address.searchParams.set("from", Math.round(from * 1e6));
  address.searchParams.set("to", Math.round(to * 1e6));
  location.assign(address);
}

function draw(figure) {
  const plot = data.plots[figure.dataset.chart];
  const place = figure.querySelector("[data-plot]");
  const values = [...figure.querySelectorAll("[data-value]")];
  const wholes = values.map((one) => [...one.childNodes]);
  const at = figure.querySelector("[data-at]");
  let near = null;
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: hue("--faint"), font, ticks: { show: false }, grid: { stroke: hue("--line"), width: 1 } };
  const options = {
    width: place.clientWidth,
    height: figure.classList.contains("alone") ? HEIGHT.alone : HEIGHT.many,
    legend: { show: false },
    focus: { alpha: 0.3 },
    cursor: { y: false, sync: { key: "charts", setSeries: false }, focus: { prox: NEAR }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { y: { range: (u, low, high) => [0, high ? high * 1.08 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 72, incrs: STEPS.filter((step) => step >= data.interval), values: (u, splits, number, space, step) => times(splits, step) },
      { ...axis, size: 64, space: 32, values: (u, splits) => splits.map((value) => onAxis(value, plot)) },
    ],
    series: [
      {},
      ...plot.lines.map((line) => {
        const stroke = hue(`--l-${line.number}`);
        const dash = line.number === 0 ? [1, 3] : line.number > 4 ? [4, 3] : undefined;
        return { stroke, dash, width: 1.25, spanGaps: false, points: { show: true, size: 3, width: 0, fill: stroke } };
      }),
    ],
    hooks: {
      setSeries: [(u, number) => (near = number)],
      setCursor: [
        (u) => {
          const index = u.cursor.idx;
          const inside = index !== null && index !== undefined && u.cursor.left >= 0;
          values.forEach((one, number) => one.replaceChildren(...(inside ? [written(plot.lines[number].points[index], plot)] : wholes[number])));
          const then = inside && new Date(data.starts[index] * 1000);
          at.textContent = inside ? `${day(then)} ${clock(then, data.interval < 60)}` : "";
        },
      ],
      setSelect: [(u) => u.select.width > DRAG && zoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
    },
  };
  const chart = new uPlot(options, [data.starts, ...plot.lines.map((line) => line.points)], place);
  chart.over.addEventListener("click", () => {
    const index = chart.cursor.idx;
    if (index === null || index === undefined || chart.select.width > DRAG) return;
    const line = near ? plot.lines[near - 1] : plot.lines[0];
    location.assign(rows(line, index, Boolean(near)));
  });
  return chart;
}

function all() {
  while (drawn.length) drawn.pop().destroy();
  for (const figure of document.querySelectorAll("[data-chart]")) drawn.push(draw(figure));
}
if (data && data.starts.length) {
  all();
  const resize = () => drawn.forEach((one) => one.setSize({ width: one.root.parentElement.clientWidth, height: one.height }));
  addEventListener("resize", resize);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  new MutationObserver(all).observe(html, { attributes: true, attributeFilter: ["class"] });
}
