// The popup, and a balance that is refreshed in place. The page works without this.
"use strict";
(() => {
  const element = (id) => document.getElementById(id);
  const here = location.pathname;
  const query = new URLSearchParams(location.search);
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("oauth-login") : null;
  const go = (error) => location.replace(error ? `${here}?error=${encodeURIComponent(error)}` : here);
  // Not `disabled`, which would take the focus away.
  const busy = (button, is) => button.setAttribute("aria-disabled", String(is));
  const isBusy = (button) => button.getAttribute("aria-disabled") === "true";

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

  // What a page says while it loads is not announced: it says it again.
  const error = element("error");
  if (!error.hidden) {
    const said = error.textContent;
    window.addEventListener("load", () => {
      error.style.minHeight = `${error.offsetHeight}px`;
      error.textContent = "";
      setTimeout(() => { error.textContent = said; }, 100);
    });
  }

  const popup = element("login-popup");
  if (popup) {
    popup.hidden = false;
    // From a sign-in in any tab; what went wrong is for the tab that asked.
    if (channel) {
      channel.onmessage = (event) => {
        if (event.data === "" || isBusy(popup)) go(String(event.data));
      };
    }
    popup.addEventListener("click", () => {
      if (isBusy(popup)) return;
      const opened = window.open("/auth/oauth/start?popup=1", "oauth_login", "width=500,height=600,scrollbars=yes");
      if (!opened) {
        // Popups are blocked: in this window then.
        location.assign("/auth/oauth/start");
        return;
      }
      busy(popup, true);
      // Closed by hand, or so it looks: some servers cut the two windows off from each other.
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
        const answer = await fetch("/api/user/info", { headers: { accept: "application/json" }, cache: "no-store" });
        if (answer.status === 401) {
          go("login_required");
          return;
        }
        if (!answer.ok) throw new Error("no user info");
        const user = await answer.json();
        // The page as it was made knows nothing of the user: anew.
        if (!element("username")) {
          go("");
          return;
        }
        const show = (id, ...values) => {
          const value = values.find((one) => one !== undefined && one !== null && one !== "");
          if (element(id) && value !== undefined) element(id).textContent = String(value);
        };
        // Another may have signed in meanwhile, in another tab.
        show("username", user.username, user.preferred_username, user.name, user.sub, user.id);
        show("balance", user.balance_formatted, user.balance);
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
