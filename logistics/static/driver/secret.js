// Takes a secret off the page: after its seconds, and as soon as the page is left, so that "back" never shows it again.
(() => {
  const secret = document.querySelector("[data-secret]");
  if (!secret) return;
  const hide = () => {
    secret.textContent = "Hidden again.";
    secret.removeAttribute("data-secret");
  };
  setTimeout(hide, Number(secret.dataset.seconds) * 1000);
  addEventListener("pagehide", hide);
})();
