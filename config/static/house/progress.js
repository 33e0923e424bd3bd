// An import at work: asks once a second how far it is, and shows the page anew when it has come to its end.
(() => {
  const bar = document.querySelector("progress[data-progress]");
  const words = document.querySelector("[data-progress-words]");
  if (!bar || !words) return;
  const ask = async () => {
    try {
      const answer = await fetch(bar.dataset.progress, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return;
      const now = await answer.json();
      if (!now.working) {
        location.reload();
        return;
      }
      bar.max = Math.max(now.rows_total, 1);
      if (now.rows_total) bar.value = now.rows_done;
      words.textContent = now.words;
    } catch {
      // The network is away for a moment: ask again.
    }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();
