// The popup, and a balance that is refreshed in place. The page works without this.
"use strict";
(() => {
  const element = (id) => document.getElementById(id);
  const here = location.pathname;
  const query = new URLSearchParams(location.search);
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("oauth-login") : null;
  const go = (error) => location.replace(error ? `${here}?error=${encodeURIComponent(error)}` : here);

  // This is the window that was opened for the sign-in, and it is back.
  const isPopup = query.get("popup") === "1" || window.name === "oauth_login";
  if (isPopup && (query.has("login") || query.has("error"))) {
    if (channel) channel.postMessage(query.get("error") || "");
    window.close();
  }

  // Neither a reload nor the back button says again what has happened once.
  if (location.search) history.replaceState(null, "", here);

  // A page out of the browser's memory may be that of somebody who has signed out since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  const popup = element("login-popup");
  if (popup) {
    popup.hidden = false;
    popup.addEventListener("click", () => {
      const opened = window.open("/auth/oauth/start?popup=1", "oauth_login", "width=500,height=600,scrollbars=yes");
      if (!opened) {
        // Popups are blocked: in this window then.
        location.assign("/auth/oauth/start");
        return;
      }
      popup.disabled = true;
      if (channel) channel.onmessage = (event) => go(String(event.data));
      const watch = setInterval(() => {
        if (!opened.closed) return;
        clearInterval(watch);
        setTimeout(() => go(""), 1000);
      }, 1000);
    });
  }

  const refresh = element("refresh");
  if (refresh) {
    refresh.addEventListener("click", async (event) => {
      event.preventDefault();
      const error = element("error");
      refresh.disabled = true;
      try {
        const answer = await fetch("/api/user/info", { headers: { accept: "application/json" }, cache: "no-store" });
        if (answer.status === 401) {
          go("login_required");
          return;
        }
        if (!answer.ok) throw new Error("no user info");
        const user = await answer.json();
        const show = (id, value) => {
          const place = element(id);
          if (place && value !== undefined && value !== null) place.textContent = String(value);
        };
        show("balance", user.balance_formatted ?? user.balance);
        error.hidden = true;
        element("status").textContent = "Balance updated.";
      } catch {
        element("status").textContent = "";
        error.textContent = error.dataset.down;
        error.hidden = false;
      } finally {
        refresh.disabled = false;
      }
    });
  }
})();
