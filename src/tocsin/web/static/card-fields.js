// Card fields: a form with data-card-fields shows the payment provider's own fields, in a frame of the provider's. What
// is typed there is never seen here. The provider sends the browser on to data-return-url, by way of the bank if need be.
(() => {
  "use strict";

  function start(form) {
    const error = form.querySelector("[data-card-error]");
    const send = form.querySelector("[data-card-send]");
    const place = form.querySelector("[data-card-place]");
    const say = (text) => {
      error.textContent = text;
      error.hidden = !text;
    };

    form.hidden = false;
    form.previousElementSibling.hidden = true; // what is said where there is no script
    if (!window.Stripe) return say(error.dataset.textMissing);

    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const stripe = window.Stripe(form.dataset.key);
    const elements = stripe.elements({
      clientSecret: form.dataset.secret,
      locale: form.dataset.locale,
      appearance: { theme: dark ? "night" : "stripe" },
    });
    const fields = elements.create("payment", { wallets: { applePay: "never", googlePay: "never", link: "never" } });
    fields.on("ready", () => (send.disabled = false));
    fields.on("loaderror", () => say(error.dataset.textMissing));
    fields.on("change", () => say(""));
    fields.mount(place);

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say("");
      send.disabled = true;
      try {
        const result = await stripe.confirmSetup({ elements, confirmParams: { return_url: form.dataset.returnUrl } });
        say(result.error.message || error.dataset.textFailed);
      } catch {
        say(error.dataset.textFailed);
      }
      send.disabled = false;
    });
  }

  document.querySelectorAll("form[data-card-fields]").forEach(start);
})();
