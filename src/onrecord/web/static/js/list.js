// Lists: j k Enter, a click anywhere on a row, and the pill that says how many rows are new without moving any.
import { onKey } from "./page.js";

const EVERY_MS = 1000;
const rows = () => [...document.querySelectorAll("[data-row]")];

const place = () => rows().findIndex((row) => row.classList.contains("at"));

function move(by) {
  const all = rows();
  if (!all.length) return;
  const before = place();
  all[before]?.classList.remove("at");
  const at = Math.min(Math.max(before + by, 0), all.length - 1);
  all[at].classList.add("at");
  all[at].scrollIntoView({ block: "nearest" });
  all[at].querySelector("[data-open]")?.focus({ preventScroll: true });
}
onKey("j", () => move(1));
onKey("k", () => move(-1));
onKey("Enter", () => rows()[place()]?.querySelector("[data-open]")?.click());
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-row]:not([data-glance])");
  if (row && !event.target.closest("a, button, summary") && !String(getSelection())) row.querySelector("[data-open]")?.click();
});

const list = document.querySelector("[data-list][data-tail]");
if (list?.dataset.tail) {
  const pills = list.querySelector(".pill-place");
  const brand = document.querySelector(".brand");
  let known = 0;
  const show = () => location.assign(list.dataset.here);
  onKey("n", () => known && show());
  const look = async () => {
    if (document.visibilityState === "visible") {
      try {
        const address = new URL(list.dataset.new, location.href);
        address.searchParams.set("tail", list.dataset.tail);
        const answer = await fetch(address, { headers: { "hx-request": "true" } });
        if (answer.status === 401) return location.reload();
        if (answer.ok) {
          const { new: count, more } = await answer.json();
          brand.classList.toggle("recording", count > known);
          if (count && !rows().length) return show();
          if (count !== known) {
            known = count;
            const pill = Object.assign(document.createElement("a"), { className: "pill", href: list.dataset.here });
            pill.textContent = `${count}${more ? "+" : ""} new`;
            pills.replaceChildren(pill);
          }
          if (more) return setTimeout(look, EVERY_MS * 30);
        }
      } catch {
        // The server is away: what is on the page stays, and the next look may find it again.
      }
    }
    setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
}
