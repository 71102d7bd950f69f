// What every page does: the reader's zone, the theme switch, copying, `/`, `?`, and one table of keys for the others.
const html = document.documentElement;

/** A cookie by its name; empty when there is none. */
function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

// The server writes times in the reader's zone; the first page of all is asked for again once it is known.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
if (cookie("zone") !== zone) {
  remember("zone", encodeURIComponent(zone).replaceAll("%2F", "/"));
  const shows = document.querySelector("time") && cookie("zone") === zone;
  if (shows && document.body.dataset.posted === undefined && zone !== "UTC") location.reload();
}

// A one-time link logs in by itself; its button stays for readers without script.
document.querySelector("form[data-once]")?.requestSubmit();

const isDark = () =>
  html.classList.contains("dark") || (!html.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
const themeSwitch = document.querySelector("[data-theme-switch]");
if (themeSwitch) {
  const say = () => (themeSwitch.textContent = isDark() ? "Light" : "Dark");
  themeSwitch.hidden = false;
  say();
  themeSwitch.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    html.classList.remove("light", "dark");
    html.classList.add(next);
    remember("theme", next);
    say();
  });
}

// On a phone the rail is a bar that scrolls sideways; where one is stands in it.
if (matchMedia("(max-width: 720px)").matches) document.querySelector(".rail [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

for (const field of document.querySelectorAll("[data-go]")) {
  field.addEventListener("change", () => {
    for (const one of field.form.elements) if (one.name && one.value === "") one.disabled = true;
    field.form.requestSubmit();
  });
}
document.querySelector("[data-top]")?.addEventListener("submit", (event) => {
  for (const one of event.target.elements) {
    if (one.name && (one.value === "" || (one.name === "range" && one.value === "7d"))) one.disabled = true;
    if (one.name === "project" && one.selectedIndex === 0) one.disabled = true;
  }
});
addEventListener("pageshow", () => document.querySelectorAll("[data-top] :disabled").forEach((one) => (one.disabled = false)));

/** Put text on the clipboard and say so in place for a second. */
async function copy(text, place) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return;
  }
  const before = place.textContent;
  place.textContent = "copied";
  setTimeout(() => (place.textContent = before), 900);
}
document.addEventListener("click", (event) => {
  const id = event.target.closest("[data-copy]");
  if (id && id.textContent !== "copied") copy(id.dataset.copy, id);
  const form = event.target.closest("[data-copy-from]");
  if (form && navigator.clipboard && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    fetch(form.href).then(async (answer) => copy(await answer.text(), form), () => open(form.href, "_blank", "noopener"));
  }
  const link = event.target.closest("[data-copy-link]");
  if (link) copy(location.href, link);
});
function dress(root) {
  for (const box of root.querySelectorAll(".copied")) {
    if (box.querySelector(".copy")) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", () => copy(box.querySelector("pre").textContent, button));
    box.append(button);
  }
  for (const button of root.querySelectorAll("[data-copy-link], [data-keys]")) button.hidden = false;
}
dress(document);
document.addEventListener("htmx:load", (event) => dress(event.detail.elt));

// A menu closes when something else is clicked, or with Escape.
const menus = (but) => document.querySelectorAll("details.menu[open]").forEach((one) => one !== but && (one.open = false));
document.addEventListener("click", (event) => menus(event.target.closest("details.menu")));

// Keys: other modules add theirs; typing in a field is never taken for a key.
const keys = new Map();
export function onKey(key, act) {
  keys.set(key, act);
}
const help = document.querySelector("[data-keys-help]");
const search = document.querySelector("[data-search]");
onKey("/", () => search && (search.focus(), search.select()));
onKey("?", () => help && (help.open ? help.close() : help.showModal()));
onKey("Escape", () => {
  if (document.querySelector("details.menu[open]")) return menus();
  const back = document.querySelector("[data-back]");
  if (back) location.href = back.href;
});
document.querySelector("[data-keys]")?.addEventListener("click", () => help.showModal());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (help?.open && event.key !== "?") return;
  if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return;
  const act = keys.get(event.key);
  if (act) {
    event.preventDefault();
    act(event);
  }
});
