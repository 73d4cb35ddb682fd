"use strict";

// Beside a new password: what the server would say of it, in the server's words, else how strong it is.
// Which passwords are well known only the server can tell.

const STRENGTHS = ["", "Fair. More words make it stronger.", "Good.", "Strong."];

function refusal(password, email, words) {
  const length = [...password].length;
  if (length < Number(words.shortest)) return words.tooShort;
  if (length > Number(words.longest)) return words.tooLong;
  const local = email.trim().normalize("NFC").toLowerCase().replace(/@[^@]*$/, "");
  const names = [local, local.split("+")[0]].filter((name) => [...name].length >= Number(words.shortestName));
  return names.some((name) => password.toLowerCase().includes(name)) ? words.hasName : "";
}

function strength(password) {
  const variety = new Set(password.toLowerCase()).size;
  if (password.length >= 20 && variety >= 10) return 3;
  return password.length >= 13 && variety >= 8 ? 2 : 1;
}

for (const shown of document.querySelectorAll("[data-strength]")) {
  const field = document.getElementById(shown.dataset.strength);
  field.addEventListener("input", () => {
    const password = field.value.normalize("NFC");
    const refused = refusal(password, field.form.elements.username?.value ?? "", shown.dataset);
    const reached = refused ? 0 : strength(password);
    shown.hidden = !password;
    shown.querySelector("meter").value = reached;
    shown.querySelector("span").textContent = refused || STRENGTHS[reached];
  });
}
