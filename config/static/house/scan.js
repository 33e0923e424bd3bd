// Scan after scan. A scanner types a code and Enter wherever the cursor is; each scan gets a key of its own and joins a
// queue, and the queue is worked off in order, one request at a time. A request that fails is sent again with the same
// key, so that nothing is lost and nothing is done twice. The server draws what is shown.
(() => {
  const form = document.getElementById("scan-form");
  if (!form) return;
  const here = () => new URL(form.getAttribute("action"), location.href).pathname;
  const box = document.getElementById("scan");
  const banner = document.getElementById("scan-banner");
  const waiting = document.getElementById("scan-waiting");
  const choices = document.getElementById("scan-choices");
  const list = document.getElementById("scan-list");
  const STORE = `scan-queue ${form.dataset.by}`; // one person's scans are never sent as another's
  const PATIENCE = 15000; // milliseconds for one request
  const TRIES_AT_A_FAULT = 4;

  // --- what the page says ---------------------------------------------------------------------------------------------
  const fields = () => [...choices.querySelectorAll("[name]")];
  const snapshot = () => {
    const found = { answer: {}, job: "", store: "" };
    fields().forEach((field) => {
      if (field.name.startsWith("ask-")) found.answer[field.name.slice(4)] = field.value;
      else found[field.name] = field.value;
    });
    return found;
  };
  const paragraph = (kind, ...parts) => {
    const made = document.createElement("p");
    made.className = kind;
    made.append(...parts);
    return made;
  };
  const say = ({ tone, icon, word, sentence }) => {
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = icon;
    banner.className = `scan-banner scan-${tone}`;
    banner.replaceChildren(paragraph("scan-word", sign, ` ${word}`), paragraph("scan-sentence", sentence));
    void banner.offsetWidth; // begins the animation anew
    banner.classList.add("scan-new");
  };
  const wrong = (sentence) => ({ tone: "bad", icon: "✖", word: "Not done", sentence });

  // --- sound ----------------------------------------------------------------------------------------------------------
  let audio = null;
  const wake = () => {
    audio ??= window.AudioContext ? new AudioContext() : null;
    if (audio?.state === "suspended") audio.resume();
  };
  ["keydown", "pointerdown"].forEach((name) => document.addEventListener(name, wake, { capture: true }));
  const tone = (hertz, from, length, shape = "sine") => {
    const [source, gain] = [audio.createOscillator(), audio.createGain()];
    source.type = shape;
    source.frequency.value = hertz;
    gain.gain.setValueAtTime(0.25, audio.currentTime + from);
    gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + from + length);
    source.connect(gain).connect(audio.destination);
    source.start(audio.currentTime + from);
    source.stop(audio.currentTime + from + length);
  };
  const SOUNDS = {
    good: () => tone(1760, 0, 0.12),
    warn: () => [0, 0.2].forEach((from) => tone(880, from, 0.15)),
    bad: () => tone(160, 0, 0.7, "sawtooth"),
  };
  const BUZZES = { good: [60], warn: [60, 60, 60], bad: [500] };
  const sound = (kind) => {
    if (audio) SOUNDS[kind]?.();
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZES[kind] ?? []);
  };

  // --- the queue ------------------------------------------------------------------------------------------------------
  let queue = [];
  let busy = false;
  let held = ""; // why nothing can be sent until somebody does something
  const keep = () => sessionStorage.setItem(STORE, JSON.stringify(queue));
  const restored = () => {
    try {
      const found = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  };
  const scans = (count) => `${count} scan${count === 1 ? "" : "s"} waiting`;
  const count = (offline = false) => {
    const text = held ? `${held} ${scans(queue.length)}.` : offline ? `No connection: ${scans(queue.length)}.` : queue.length > 1 ? scans(queue.length - 1) : "";
    waiting.classList.toggle("scan-offline", Boolean(held) || offline);
    if (waiting.textContent !== text) waiting.textContent = text;
  };
  const newKey = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const add = (code) => {
    queue.push({ key: newKey(), code, to: here(), ...snapshot() });
    keep();
    count();
    work();
  };
  const pause = (milliseconds) =>
    new Promise((go) => {
      const timer = setTimeout(go, milliseconds);
      window.addEventListener("online", () => (clearTimeout(timer), go()), { once: true });
    });

  // Gives the answer, or null when it should be tried again.
  const send = async (scan) => {
    let response;
    try {
      response = await fetch(scan.to, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body: JSON.stringify(scan),
        signal: AbortSignal.timeout(PATIENCE),
      });
      const type = response.headers.get("content-type") ?? "";
      if (type.includes("json")) return await response.json();
    } catch {
      return null;
    }
    if (response.redirected || response.status === 403) held = "You are signed out. Open this page anew and sign in; nothing is lost:";
    else if (response.status < 500) return wrong("The service does not understand this scan. Open this page anew.");
    else if ((scan.faults = (scan.faults ?? 0) + 1) >= TRIES_AT_A_FAULT) return wrong(`The service failed at ${scan.code}. Scan it again.`);
    return null;
  };

  const work = async () => {
    if (busy) return;
    busy = true;
    let wait = 500;
    while (queue.length && !held) {
      const answer = await send(queue[0]);
      if (answer === null) {
        count(!held);
        if (held) break;
        await pause(wait);
        wait = Math.min(wait * 2, 8000);
        continue;
      }
      wait = 500;
      const done = queue.shift();
      tell(answer, done);
      keep();
      count();
      if (answer.go) await change(answer.go);
    }
    busy = false;
  };

  // To another way of working, in place: a page being left would lose what a scanner types meanwhile. What has been
  // scanned since goes along and is done there, by the choices made there.
  const change = async (address) => {
    let page = null;
    for (let wait = 500; !page; wait = Math.min(wait * 2, 8000)) {
      try {
        const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
        page = new DOMParser().parseFromString(await response.text(), "text/html");
      } catch {
        count(true);
        await pause(wait);
      }
    }
    if (!page.getElementById("scan-form")) return look(address);
    PARTS.forEach((part) => (document.querySelector(part).innerHTML = page.querySelector(part).innerHTML));
    form.setAttribute("action", page.getElementById("scan-form").getAttribute("action"));
    document.title = page.title;
    history.pushState({}, "", address);
    unfold();
    banner.className = "scan-banner scan-ready";
    queue.forEach((scan) => Object.assign(scan, { to: here(), ...snapshot() }));
    keep();
    count();
  };
  const unfold = () => document.querySelector("#scan-bar [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  const PARTS = ["#scan-bar", "#scan-banner", "#scan-choices", "#scan-commands", "#scan-list"];
  const look = (address) => {
    const last = queue.at(-1)?.code;
    queue = [];
    keep();
    window.location.assign(last ? `${address}?code=${encodeURIComponent(last)}` : address);
  };
  window.addEventListener("popstate", () => location.reload());

  // --- what an answer changes -----------------------------------------------------------------------------------------
  const tell = (answer, done) => {
    say(answer);
    sound(answer.tone);
    if (done.to !== here()) return; // scanned under another way of working, before the page was left
    if (answer.list !== undefined) list.innerHTML = answer.list;
    if (answer.choices !== undefined) redraw(answer, done);
  };
  const redraw = (answer, done) => {
    const before = new Map(fields().map((field) => [field.name, field.value]));
    const inside = choices.contains(document.activeElement) ? document.activeElement.id : "";
    choices.innerHTML = answer.choices;
    // What somebody has chosen while the scan was on its way stays chosen, unless the scan itself has changed it.
    fields().forEach((field) => {
      const name = field.name.slice(4);
      const sent = field.name === "job" ? done.job : field.name === "store" ? done.store : done.answer[name];
      const now = before.get(field.name);
      const changed = field.name === "job" ? answer.job !== null : name in answer.sticky;
      if (now !== undefined && now !== sent && !changed && !field.dataset.once) field.value = now;
    });
    queue.forEach((scan) => {
      Object.assign(scan.answer, answer.sticky);
      if (answer.job !== null && answer.job !== undefined) scan.job = String(answer.job || "");
    });
    ask(answer, inside);
  };
  // A question: the code waits in the box for the answer typed in the field.
  const ask = (answer, inside) => {
    const field = answer.ask && document.getElementById(`ask-${answer.ask}`);
    if (field && !queue.length) {
      if (answer.again) box.value = answer.again;
      field.focus();
      field.select?.();
    } else if (inside) (document.getElementById(inside) ?? box).focus();
  };

  // --- keys -----------------------------------------------------------------------------------------------------------
  const home = () => {
    box.focus();
    box.select();
  };
  // A code that waits in the box for an answer is written over by the next scan.
  box.addEventListener("focus", () => box.select());
  let touched = false;
  const begin = () => {
    if (!touched) (choices.querySelector("[data-asked]") ?? box).focus();
  };
  document.addEventListener("keydown", () => (touched = true), { once: true, capture: true });
  begin();
  document.addEventListener("alpine:initialized", begin); // the theme shows its pages only then
  window.addEventListener("load", begin);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const command = event.submitter?.name === "command" ? event.submitter.value : "";
    const code = command || box.value.trim();
    if (!code) return home();
    box.value = "";
    add(code);
    choices.querySelectorAll("[data-once]").forEach((field) => (field.value = ""));
    home();
  });

  const types = (element) => element.matches?.("textarea, input:not([type=checkbox]):not([type=radio]):not([type=submit])");
  document.addEventListener("keydown", (event) => {
    const plain = !event.altKey && !event.metaKey && !event.ctrlKey;
    if (event.key === "Escape") {
      box.value = "";
      home();
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && (event.target === box || !types(event.target)) && !box.value) {
      event.preventDefault();
      add("DO/UNDO");
    } else if (plain && event.key.length === 1 && event.key !== " " && !types(event.target)) {
      // A scan never presses the button in focus, nor chooses in a list.
      event.preventDefault();
      box.focus();
      box.value = event.key; // after the focus, which selects what is in the box
    }
  });
  // After a choice by finger or mouse the cursor is back in the box.
  let pointed = false;
  document.addEventListener("pointerdown", () => (pointed = true), true);
  document.addEventListener("keydown", () => (pointed = false), true);
  choices.addEventListener("change", (event) => {
    const back = pointed && event.target.matches("select");
    if (event.target.name === "job" || event.target.name === "store") {
      choices.querySelectorAll("[type=hidden]").forEach((field) => (field.value = "")); // what was half said of the other
      remember();
    }
    if (back) home();
  });
  // Another job or store may ask for other choices: the server knows them. No scan is made of it.
  const remember = async () => {
    const answer = queue.length ? null : await send({ key: "", code: "", to: here(), ...snapshot() });
    if (!answer?.choices || queue.length) return;
    const inside = choices.contains(document.activeElement) ? document.activeElement.id : "";
    choices.innerHTML = answer.choices;
    list.innerHTML = answer.list;
    if (inside) document.getElementById(inside)?.focus();
  };

  document.addEventListener("house:scan", (event) => {
    event.preventDefault();
    add(event.detail);
  });
  window.addEventListener("beforeunload", (event) => {
    if (held || waiting.classList.contains("scan-offline")) event.preventDefault();
  });

  unfold();
  queue = restored();
  count();
  work();
})();
