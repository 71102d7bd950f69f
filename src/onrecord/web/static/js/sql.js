// The SQL console: Ctrl+Enter runs, a column's name is put where the caret is. Without script the buttons do the same.
const form = document.querySelector("[data-sql]");
const editor = form?.querySelector("textarea");

editor?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector('button[value="table"]'));
  }
});
const fault = document.querySelector("[data-begin]");
if (fault && editor) {
  // What is wrong is selected, so that typing replaces it. A textarea counts a line break as one character.
  editor.focus();
  editor.setSelectionRange(Number(fault.dataset.begin), Number(fault.dataset.end));
}
for (const name of document.querySelectorAll("[data-insert]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.title = "put it into the statement";
  name.replaceWith(button);
  button.append(name);
  button.addEventListener("click", () => {
    editor.setRangeText(name.textContent, editor.selectionStart, editor.selectionEnd, "end");
    editor.focus();
  });
}
