/* While a test call waits, ask every few seconds whether the alarm centre has heard it. Without this, "Check again". */
(() => {
  "use strict";
  const EVERY = 3000;
  let timer = 0;

  const typing = (section) => {
    const now = document.activeElement;
    return now instanceof HTMLInputElement && now.type === "text" && now.value !== "" && section.contains(now);
  };

  const look = async () => {
    const section = document.getElementById("telecare");
    if (!section || section.dataset.waiting === "0") return;
    timer = window.setTimeout(look, EVERY);
    if (document.hidden || typing(section)) return;
    try {
      const asked = `${section.dataset.listen}?mark=${encodeURIComponent(section.dataset.mark)}`;
      const answer = await fetch(asked, { credentials: "same-origin", redirect: "error" });
      if (answer.status !== 200) return;
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("telecare");
      if (made) section.replaceWith(made);
    } catch {
      /* No signal just now: the next try, or the link. */
    }
  };

  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    look();
  });
  look();
})();
