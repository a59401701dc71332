// The station page: shows what the station sends, keeps the entry field ready, and repeats Outputs off until it is confirmed.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const entry = byId("entry");
  const link = byId("link");
  const notStopped = byId("not-stopped");
  const LOST_MS = 3000, ACKNOWLEDGED_MS = 1000, AGAIN_MS = 1000, DOUBLE_MS = 300;
  let phase = document.body.dataset.phase;
  let source = null, heard = performance.now(), lastEntry = -Infinity;

  // --- what the station sends

  function show(update) {
    heard = performance.now();
    for (const [name, html] of Object.entries(update.regions || {})) {
      const region = byId(name);
      if (region && region.innerHTML !== html) region.innerHTML = html;
    }
    if (update.summary) {
      phase = update.summary.phase;
      document.body.dataset.phase = phase;
      entry.setAttribute("aria-describedby", "message");
      settleStop(update.summary.stop);
    }
    connection();
  }

  function listen() {
    if (source) source.close();
    source = new EventSource("/events");
    source.onmessage = (message) => show(JSON.parse(message.data));
  }

  function connection() {
    const silent = performance.now() - heard;
    const lost = silent > LOST_MS;
    link.textContent = lost ? `NO CONNECTION to the station for ${Math.round(silent / 1000)} s` : "connected";
    link.classList.toggle("lost", lost);
    document.body.classList.toggle("stale", lost);
    return lost;
  }

  listen();
  setInterval(() => {
    if (connection() && (source.readyState === EventSource.CLOSED || performance.now() - heard > 2 * LOST_MS)) {
      heard = Math.max(heard, performance.now() - LOST_MS - 1000);
      listen();
    }
  }, 500);

  // --- Outputs off: a plain form where this script does not run

  let stopping = null;

  function post(path, body, ms) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ms);
    return fetch(path, { method: "POST", body, signal: abort.signal, headers: { "X-Station": "script" } })
      .finally(() => clearTimeout(timer));
  }

  async function sendStop(mine) {
    while (stopping === mine && !mine.asked) {
      try {
        const answer = await post("/stop", new URLSearchParams(), 2500);
        if (answer.ok) mine.asked = (await answer.json()).asked;
      } catch (_error) { /* no network: again */ }
      if (!mine.asked) await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }

  function stop() {
    const mine = { asked: null, acknowledged: false };
    stopping = mine;
    sendStop(mine);
    setTimeout(() => {
      if (stopping === mine && !mine.acknowledged) notStopped.hidden = false;
    }, ACKNOWLEDGED_MS);
  }

  function settleStop(said) {
    if (!stopping || !stopping.asked || !said || said.asked < stopping.asked) return;
    stopping.acknowledged = stopping.acknowledged || said.acknowledged;
    if (said.confirmed) {
      stopping = null;
      notStopped.hidden = true;
    }
  }

  byId("stop").addEventListener("submit", (event) => {
    stop();
    event.preventDefault();
    entry.focus();
  });

  // --- entries

  async function send(path, body) {
    try {
      const answer = await post(path, body, 5000);
      if (!answer.ok) throw new Error(String(answer.status));
    } catch (_error) {
      byId("message").innerHTML = '<p class="bad">No connection: nothing was sent. Wait, then try again.</p>';
    }
  }

  byId("scan").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = entry.value;
    entry.value = "";
    lastEntry = performance.now();
    if (text.trim()) send("/scan", new URLSearchParams({ text }));
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    if (event.submitter && event.submitter.name) body.set(event.submitter.name, event.submitter.value);
    send(new URL(form.action).pathname, body);
    entry.focus();
  });

  const click = (selector) => { const button = document.querySelector(selector); if (button) button.click(); };
  const KEYS = {
    Escape: stop,
    F2: () => click('#prompt button[value="yes"]'),
    F4: () => click('#prompt button[value="no"]'),
    F8: () => click('form[action="/pause"] button, form[action="/continue"] button'),
    F9: () => click('form[action="/start"] button'),
  };

  // A scanner is a keyboard: its characters go to the entry field wherever the focus is, and the Enter that follows
  // them, one or two of them, never presses a button.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (KEYS[event.key]) {
      event.preventDefault();
      if (!event.repeat) KEYS[event.key]();
      return;
    }
    if (event.target === entry) return;
    if (event.key.length === 1 && event.key !== " ") {
      event.preventDefault();
      entry.focus();
      entry.setRangeText(event.key, entry.value.length, entry.value.length, "end");
      lastEntry = performance.now();
    } else if (event.key === "Enter" && (entry.value || performance.now() - lastEntry < DOUBLE_MS)) {
      event.preventDefault();
      if (entry.value) byId("scan").requestSubmit();
    }
  }, true);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("a, input, select")) entry.focus();
  });
  addEventListener("focus", () => entry.focus());
  addEventListener("pageshow", () => entry.focus());
})();
