// Inside the frame, on the provider's own origin: the only place that sees a card number.
(() => {
  const parentOrigin = document.referrer ? new URL(document.referrer).origin : "*";
  const form = document.getElementById("fields");
  const tell = (message) => parent.postMessage(message, parentOrigin);

  if (!form) return tell({ stripe: "done" });

  const typed = () => {
    const data = new FormData(form);
    const [month = "", year = ""] = data.get("expiry").split("/").map((part) => part.trim());
    return { number: data.get("number"), exp_month: month, exp_year: year, cvc: data.get("cvc") };
  };
  const complete = () => form.checkValidity() && /^\d{1,2}\s*\/\s*\d{2,4}$/.test(form.expiry.value.trim());

  form.addEventListener("input", () => tell({ stripe: "change", complete: complete(), empty: !form.number.value }));
  form.addEventListener("submit", (event) => event.preventDefault());

  addEventListener("message", async (event) => {
    if (event.source !== parent || event.data.stripe !== "confirm") return;
    const { turn, intent, body } = event.data;
    if (!complete()) {
      const error = { type: "validation_error", code: "incomplete_number", message: "Your card number is incomplete." };
      return tell({ stripe: "answer", turn, body: { error } });
    }
    const fields = new URLSearchParams(body);
    fields.set("payment_method_data[type]", "card");
    for (const [name, value] of Object.entries(typed())) fields.set(`payment_method_data[card][${name}]`, value);
    try {
      const answer = await fetch(`/v1/setup_intents/${intent}/confirm`, { method: "POST", body: fields });
      tell({ stripe: "answer", turn, body: await answer.json() });
    } catch {
      tell({ stripe: "answer", turn, body: { error: { type: "api_connection_error", message: "No connection." } } });
    }
  });
  tell({ stripe: "ready" });
})();
