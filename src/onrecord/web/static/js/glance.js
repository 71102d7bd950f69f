// Beside the list: a row opens in a panel without leaving, arrows move on. And a stretch of the histogram is dragged.
import { onKey } from "./page.js";

const panel = document.getElementById("glance");
const rows = () => [...document.querySelectorAll("[data-glance]")];
const wide = () => innerWidth > 720;
let at = -1;
let asked = 0;

async function show(place) {
  const all = rows();
  if (!all.length || !wide()) return;
  all[at]?.classList.remove("at");
  at = Math.min(Math.max(place, 0), all.length - 1);
  const row = all[at];
  document.querySelectorAll("tr.at").forEach((one) => one.classList.remove("at"));
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
  const mine = ++asked;
  const answer = await fetch(row.dataset.glance, { headers: { "hx-request": "true" } }).catch(() => null);
  if (mine !== asked || !answer) return;
  if (answer.status === 401) return location.reload();
  const text = await answer.text();
  if (mine !== asked) return;
  // Our own page, escaped by the server like every other; the policy lets nothing in it run.
  panel.replaceChildren(document.createRange().createContextualFragment(text));
  const close = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "Close" });
  close.addEventListener("click", hide);
  panel.prepend(close);
  panel.hidden = false;
  panel.scrollTop = 0;
  window.htmx?.process(panel);
}
function hide() {
  asked++;
  panel.hidden = true;
  panel.replaceChildren();
}
const marked = () => rows().findIndex((row) => row.classList.contains("at"));

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-glance]");
  if (!row || event.defaultPrevented || event.target.closest("a, button, summary") || String(getSelection())) return;
  if (wide()) show(rows().indexOf(row));
  else row.querySelector("[data-open]")?.click();
});
onKey("o", () => (panel.hidden ? show(Math.max(marked(), 0)) : hide()));
onKey("ArrowDown", () => (panel.hidden ? scrollBy(0, 40) : show(marked() + 1)));
onKey("ArrowUp", () => (panel.hidden ? scrollBy(0, -40) : show(marked() - 1)));
onKey("Escape", () => {
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  hide();
});

const strip = document.querySelector(".strip[data-zoom]");
if (strip) {
  const bars = strip.querySelector(".bars");
  const first = Number(strip.dataset.since);
  const last = Number(strip.dataset.until);
  const mark = Object.assign(document.createElement("div"), { className: "drag", hidden: true });
  strip.append(mark);
  const share = (event) => {
    const box = bars.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  let from = null;
  let dragged = false;
  bars.addEventListener("pointerdown", (event) => {
    if (event.button === 0) [from, dragged] = [share(event), false];
  });
  addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = share(event);
    dragged ||= Math.abs(to - from) > 0.01;
    mark.hidden = !dragged;
    const box = bars.getBoundingClientRect();
    mark.style.left = `${Math.min(from, to) * box.width}px`;
    mark.style.width = `${Math.abs(to - from) * box.width}px`;
  });
  addEventListener("pointerup", (event) => {
    if (from !== null && dragged) {
      const [low, high] = [from, share(event)].sort((a, b) => a - b);
      const address = new URL(strip.dataset.zoom, location.href);
      address.searchParams.set("from", String(Math.floor(first + low * (last - first))));
      address.searchParams.set("to", String(Math.ceil(first + high * (last - first))));
      location.assign(address);
    }
    from = null;
  });
  bars.addEventListener("click", (event) => dragged && event.preventDefault(), true);
  bars.addEventListener("dragstart", (event) => event.preventDefault());
}
