// The popup, and an account that is refreshed in place. The page works without this.
"use strict";
(() => {
  const element = (id) => document.getElementById(id);
  const here = location.pathname;
  const query = new URLSearchParams(location.search);
  // Two sites of one origin have cookies of two names.
  const name = document.body.dataset.login;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`login ${name}`) : null;
  const go = (error) => location.replace(error ? `${here}?error=${encodeURIComponent(error)}` : here);
  // Not `disabled`, which would take the focus away.
  const busy = (button, is) => button.setAttribute("aria-disabled", String(is));
  const isBusy = (button) => button.getAttribute("aria-disabled") === "true";

  // The callback has redirected the popup back here: report to the opener and close.
  const isPopup = query.get("popup") === "1" || window.name === name;
  if (isPopup && (query.get("login") === "success" || query.has("error"))) {
    if (channel) channel.postMessage(query.get("error") || "");
    window.close();
  }

  // A reload or the back button must not repeat the message.
  if (location.search) history.replaceState(null, "", here);

  // A page from the back/forward cache may show a user who has signed out since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // Screen readers do not announce an alert that is there while the page loads: set the text again.
  const error = element("error");
  if (!error.hidden) {
    const message = error.textContent;
    window.addEventListener("load", () => {
      error.style.minHeight = `${error.offsetHeight}px`;
      error.textContent = "";
      setTimeout(() => { error.textContent = message; }, 100);
    });
  }

  const popup = element("login-popup");
  if (popup) {
    popup.hidden = false;
    // A sign-in in any tab reloads this page. A failure is only for the tab that opened the popup.
    if (channel) {
      channel.onmessage = (event) => {
        if (event.data === "" || isBusy(popup)) go(String(event.data));
      };
    }
    popup.addEventListener("click", () => {
      if (isBusy(popup)) return;
      const start = popup.dataset.start;
      const opened = window.open(`${start}?popup=1`, name, "width=500,height=600,scrollbars=yes");
      if (!opened) {
        // The browser blocks popups: sign in in this window.
        location.assign(start);
        return;
      }
      busy(popup, true);
      // The user closed the popup, or the server's opener policy makes it look closed.
      const watch = setInterval(() => {
        if (!opened.closed) return;
        clearInterval(watch);
        setTimeout(() => busy(popup, false), 1000);
      }, 1000);
    });
  }

  const refresh = element("refresh");
  if (refresh) {
    refresh.addEventListener("click", async (event) => {
      event.preventDefault();
      if (isBusy(refresh)) return;
      busy(refresh, true);
      const status = element("status");
      status.textContent = "";
      try {
        const answer = await fetch(document.body.dataset.userInfo, { headers: { accept: "application/json" }, cache: "no-store" });
        if (answer.status === 401) {
          go("login_required");
          return;
        }
        if (!answer.ok) throw new Error("no user info");
        const user = await answer.json();
        // The page was rendered without the user info: reload it.
        if (!element("username")) {
          go("");
          return;
        }
        // Another user may have signed in from another tab.
        for (const row of document.querySelectorAll("[data-members]")) {
          const values = row.dataset.members.split(" ").map((member) => user[member]);
          const value = values.find((value) => value !== undefined && value !== null && value !== "");
          if (value !== undefined) row.querySelector("dd").textContent = String(value);
        }
        error.hidden = true;
        status.textContent = status.dataset.updated;
      } catch {
        error.textContent = error.dataset.down;
        error.hidden = false;
      } finally {
        busy(refresh, false);
      }
    });
  }
})();
