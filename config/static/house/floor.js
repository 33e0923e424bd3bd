// A scanner types digits and Enter, wherever the cursor is. Outside a text field they go to the scan box,
// so that a scan never presses the button that happens to be in focus. Escape goes back to the scan box.
(() => {
  // The theme shows its pages only once its own script runs, which is too late for `autofocus`.
  const box = document.getElementById("scan");
  const first = document.querySelector(".house-wrong input, .house-wrong select, [data-focus], form#login-form #id_username");
  let touched = false;
  const begin = () => {
    if (!touched) first?.focus();
  };
  document.addEventListener("keydown", () => (touched = true), { once: true, capture: true });
  begin();
  document.addEventListener("alpine:initialized", begin);
  window.addEventListener("load", begin);
  if (!box) return;

  const typing = (element) => element.matches?.("textarea, input:not([type=checkbox]):not([type=radio]):not([type=submit])");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      box.focus();
      box.select();
    } else if (/^[0-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey && !typing(event.target)) {
      event.preventDefault();
      box.value = event.key;
      box.focus();
    }
  });

  // One press, one move.
  document.querySelectorAll("form.house-move").forEach((form) =>
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    }),
  );
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));
})();
