// The engineer's view: the live regions of the station, as they change.
"use strict";
(() => {
  const link = document.getElementById("link");
  let heard = performance.now();
  const source = new EventSource("/events");
  source.onmessage = (message) => {
    heard = performance.now();
    for (const [name, html] of Object.entries(JSON.parse(message.data).regions || {})) {
      const region = document.getElementById(name);
      if (region) region.innerHTML = html;
    }
  };
  setInterval(() => {
    const lost = performance.now() - heard > 3000;
    link.textContent = lost ? "NO CONNECTION to the station" : "connected";
    link.classList.toggle("lost", lost);
  }, 500);
})();
