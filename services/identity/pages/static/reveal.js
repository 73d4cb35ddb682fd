"use strict";

// A button beside each password that shows it. Without scripts there is none.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    [button.textContent, button.dataset.hide] = [button.dataset.hide, button.textContent];
  });
}
