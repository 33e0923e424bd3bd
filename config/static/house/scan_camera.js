// A phone's camera as the scanner. The reader is WebAssembly, served from here and fetched when the button is pressed.
// What it reads is handed on as a `house:scan` event; a page that does not take it gets its scan box filled and sent.
(() => {
  const part = document.querySelector("[data-camera]");
  if (!part || !navigator.mediaDevices?.getUserMedia) return;
  part.hidden = false;
  const [start, stop, view, said] = ["start", "stop", "view", "said"].map((name) => part.querySelector(`[data-camera-${name}]`));
  const video = part.querySelector("video");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const FORMATS = ["Code128", "QRCode", "DataMatrix", "EAN13", "EAN8"];
  const AGAIN = 2000; // milliseconds before the same code counts as a new scan
  const REST = 80; // milliseconds between two looks
  const WIDEST = 1280;
  let stream = null;
  let reader = null;
  let last = { text: "", at: 0 };

  const load = () =>
    (reader ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = part.dataset.reader;
      script.onload = () => {
        const overrides = { locateFile: () => part.dataset.wasm };
        window.ZXingWASM.prepareZXingModule({ overrides, fireImmediately: true }).then(() => done(window.ZXingWASM), failed);
      };
      script.onerror = failed;
      document.head.append(script);
    }));

  const WHY = {
    NotAllowedError: "The camera may not be used: allow it in the browser, or type the number.",
    NotFoundError: "This device has no camera: type the number.",
    NotReadableError: "Another program uses the camera: close it and try again.",
  };
  const end = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    view.hidden = true;
    start.hidden = false;
  };
  const begin = async () => {
    said.textContent = "Starting the camera…";
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: WIDEST }, height: { ideal: 720 } },
      });
      video.srcObject = stream;
      await video.play();
      const zxing = await load();
      said.textContent = "Hold the code before the camera.";
      [view.hidden, start.hidden] = [false, true];
      look(zxing);
    } catch (error) {
      end();
      reader = null;
      said.textContent = WHY[error.name] ?? "The camera does not work here: type the number.";
    }
  };

  const look = async (zxing) => {
    while (stream) {
      const scale = Math.min(1, WIDEST / (video.videoWidth || 1));
      [canvas.width, canvas.height] = [video.videoWidth * scale, video.videoHeight * scale];
      if (canvas.width && !document.hidden) {
        pen.drawImage(video, 0, 0, canvas.width, canvas.height);
        const image = pen.getImageData(0, 0, canvas.width, canvas.height);
        const options = { formats: FORMATS, maxNumberOfSymbols: 1, textMode: "Plain", tryDownscale: true };
        const [found] = await zxing.readBarcodes(image, options).catch(() => []);
        if (found?.isValid && stream) take(found);
      }
      await new Promise((go) => setTimeout(go, REST));
    }
  };
  const take = (found) => {
    const text = found.contentType === "GS1" ? found.symbologyIdentifier + found.text : found.text;
    const now = performance.now();
    const repeated = text === last.text && now - last.at < AGAIN;
    // Held before the camera it is one scan, however long: the time runs from when it was last seen.
    last = { text, at: now };
    if (repeated || !text) return;
    const taken = !document.dispatchEvent(new CustomEvent("house:scan", { detail: text, cancelable: true }));
    if (taken) return;
    const box = document.getElementById("scan");
    end();
    box.value = text;
    box.form.requestSubmit();
  };

  start.addEventListener("click", begin);
  stop.addEventListener("click", () => {
    end();
    said.textContent = "";
    document.getElementById("scan")?.focus();
  });
  window.addEventListener("pagehide", end);
})();
