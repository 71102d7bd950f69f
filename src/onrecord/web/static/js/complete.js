// The search line completes names of fields and values that were observed: a list box, driven by arrows, Tab and Enter.
const field = document.querySelector("[data-complete]");
const WAIT_MS = 120;

if (field) {
  const box = Object.assign(document.createElement("ul"), { className: "complete", id: "complete", hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Completions");
  field.closest(".search").append(box);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "complete");
  field.setAttribute("aria-expanded", "false");
  let rows = [];
  let at = -1;
  let asked = 0;
  let timer = 0;

  const close = () => {
    rows = [];
    at = -1;
    box.hidden = true;
    box.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const select = (place) => {
    at = place;
    [...box.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === at)));
    if (at < 0) return field.removeAttribute("aria-activedescendant");
    box.children[at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", box.children[at].id);
  };
  const accept = (row) => {
    const caret = field.selectionStart;
    const open = /[:>]$/.test(row.text);
    const before = field.value.slice(0, row.start) + row.text + (open ? "" : " ");
    field.value = before + field.value.slice(caret).replace(/^\s+/, "");
    field.setSelectionRange(before.length, before.length);
    close();
    field.focus();
    if (open) ask();
  };
  const option = (row, number) => {
    const item = document.createElement("li");
    item.id = `complete-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const text = Object.assign(document.createElement("span"), { className: "mono", textContent: row.text });
    const said = row.count === null ? row.note : row.count.toLocaleString("en");
    item.append(text, Object.assign(document.createElement("span"), { className: "note num", textContent: said }));
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      accept(row);
    });
    return item;
  };
  const ask = async () => {
    const mine = ++asked;
    const address = new URL(field.dataset.complete, location.href);
    for (const one of field.form.elements) if (one.name && one !== field && one.value) address.searchParams.set(one.name, one.value);
    address.searchParams.set("line", field.value.slice(0, field.selectionStart));
    try {
      const answer = await fetch(address, { headers: { "hx-request": "true" } });
      if (mine !== asked || !answer.ok || document.activeElement !== field) return;
      ({ rows } = await answer.json());
    } catch {
      return; // The server is away: typing goes on without help.
    }
    at = -1;
    box.replaceChildren(...rows.map(option));
    box.hidden = !rows.length;
    field.setAttribute("aria-expanded", String(rows.length > 0));
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked++;
    if (!field.value.trim()) return close();
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (!rows.length || event.isComposing) return;
    if (event.key === "ArrowDown") select((at + 1) % rows.length);
    else if (event.key === "ArrowUp") select(at > 0 ? at - 1 : rows.length - 1);
    else if (event.key === "Tab" && !event.shiftKey) accept(rows[Math.max(at, 0)]);
    else if (event.key === "Enter" && at >= 0) accept(rows[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
