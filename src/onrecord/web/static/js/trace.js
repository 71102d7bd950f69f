// One trace: select without leaving, fold, walk with keys, switch views. Every state is in the address.
import { onKey } from "./page.js";

const frame = document.querySelector("[data-trace]");
const steps = document.getElementById("steps");
const all = () => [...steps.querySelectorAll("[data-step]")];
const shown = () => all().filter((one) => !one.hidden);
const chosen = () => steps.querySelector(".chosen");
const folded = new Set();

function mark(step) {
  chosen()?.querySelector("[aria-current]")?.removeAttribute("aria-current");
  chosen()?.classList.remove("chosen");
  step.classList.add("chosen");
  const link = step.querySelector("[data-select]");
  link.setAttribute("aria-current", "true");
  history.replaceState(history.state, "", link.href);
  for (const tab of document.querySelectorAll("[data-view-to]")) {
    const address = new URL(tab.href);
    address.searchParams.set("s", step.dataset.step);
    tab.href = address;
  }
}
steps.addEventListener("click", (event) => {
  const fold = event.target.closest("[data-fold]");
  if (fold) return toggle(fold.closest("[data-step]"));
  const link = event.target.closest("[data-select]");
  if (link && !event.ctrlKey && !event.metaKey) mark(link.closest("[data-step]"));
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "step") return frame.dataset.view === "tree" && apply();
  const panel = event.detail.target;
  panel.scrollTop = 0;
  if (getComputedStyle(panel).position === "static") panel.scrollIntoView({ block: "start" });
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.target.id === "step") event.detail.shouldSwap = true;
});

function pick(step) {
  if (!step) return;
  step.scrollIntoView({ block: "nearest" });
  const link = step.querySelector("[data-select]");
  link.focus({ preventScroll: true });
  link.click();
}
function walk(by, fits = () => true) {
  const list = shown();
  let place = list.indexOf(chosen()) + by;
  while (list[place] && !fits(list[place])) place += by;
  if (list[place]) pick(list[place]);
  else if (by > 0) document.querySelector("[data-more]")?.scrollIntoView();
}

// Folding hides what stands below in reading order; rows that arrive later are folded alike.
function apply() {
  let hiddenBelow = Infinity;
  for (const row of all()) {
    const depth = Number(row.dataset.depth);
    if (depth <= hiddenBelow) hiddenBelow = Infinity;
    row.hidden = depth > hiddenBelow;
    const fold = row.querySelector("[data-fold]");
    if (fold) {
      fold.hidden = false;
      const closed = folded.has(row.dataset.step);
      fold.setAttribute("aria-expanded", String(!closed));
      fold.setAttribute("aria-label", closed ? "Unfold" : "Fold");
      if (closed && !row.hidden) hiddenBelow = Math.min(hiddenBelow, depth);
    }
  }
}
function toggle(row, close) {
  if (!row?.hasAttribute("data-parent")) return;
  const closing = close ?? !folded.has(row.dataset.step);
  folded[closing ? "add" : "delete"](row.dataset.step);
  apply();
}
if (frame.dataset.view === "tree") apply();

const view = (name) => () => document.querySelector(`[data-view-to="${name}"]`)?.click();
const isFailed = (step) => step.classList.contains("failed") || step.querySelector(".card-head > .bad");
const follow = (what) => () => document.querySelector(what)?.click();
onKey("1", view("transcript"));
onKey("2", view("tree"));
onKey("3", view("waterfall"));
onKey("n", follow("[data-next]"));
onKey("p", follow("[data-previous]"));
onKey("c", follow("[data-compare]"));
onKey("j", () => walk(1));
onKey("k", () => walk(-1));
onKey("e", () => walk(1, isFailed));
onKey("h", () => toggle(chosen(), true));
onKey("l", () => toggle(chosen(), false));
onKey("m", () => document.querySelector("[data-markdown]")?.click());
chosen()?.scrollIntoView({ block: "nearest" });
