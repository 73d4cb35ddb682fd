"use strict";

// Enhances the pages; every page also works without scripts.

const dialog = document.getElementById("dialog");

function localTimes(root) {
  const form = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
  for (const each of root.querySelectorAll("time[datetime]")) {
    each.textContent = form.format(new Date(each.dateTime));
  }
}

function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy], [data-reveal]")) button.hidden = false;
  for (const group of root.querySelectorAll("[data-shown-by]")) showChosen(group);
}

function showChosen(group) {
  const chosen = group.closest("form").querySelector(`[name="${group.dataset.shownBy}"]:checked`);
  group.hidden = !chosen || chosen.value !== "yes";
}

// On a narrow screen the section links scroll: keep the current one in view.
function showSection(root) {
  const list = root.querySelector(".sections ul");
  const item = list && list.querySelector("[aria-current]");
  if (item) list.scrollLeft = item.offsetLeft + item.offsetWidth / 2 - list.clientWidth / 2;
}

function prepare(root) {
  showSection(root);
  localTimes(root);
  reveal(root);
}

function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.hidden = true; }, 6000);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const before = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = document.body.dataset.copied;
    setTimeout(() => { button.replaceChildren(...before); }, 2000);
  } catch {
    getSelection().selectAllChildren(source);
  }
}

function toggleSecret(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  [button.textContent, button.dataset.hide] = [button.dataset.hide, button.textContent];
}

// A check shows each stage when it ends: the answer is a stream of HTML fragments.
async function check(button) {
  const form = button.form;
  if (!form.reportValidity()) return;
  const stages = document.getElementById(button.dataset.check);
  stages.replaceChildren();
  stages.hidden = false;
  button.disabled = true;
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/event-stream" },
    });
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) throw new Error(answer.statusText);
    await readFragments(answer.body, (fragment) => {
      stages.insertAdjacentHTML("beforeend", fragment);
      stages.lastElementChild.scrollIntoView({ block: "nearest" });
    });
  } catch {
    toast(document.body.dataset.failed);
  } finally {
    button.disabled = false;
  }
}

async function readFragments(stream, take) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      take(JSON.parse(text.slice("data: ".length, end)));
      text = text.slice(end + 2);
    }
  }
}

// In the capture phase, before htmx sends the button's form.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-check]");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  check(button);
}, true);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close], [data-copy], [data-reveal]");
  if (button?.hasAttribute("data-close")) dialog.close();
  else if (button?.dataset.copy) copy(button);
  else if (button?.dataset.reveal) toggleSecret(button);
  if (event.target === dialog) dialog.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("change", (event) => {
  for (const group of event.target.closest("form")?.querySelectorAll("[data-shown-by]") ?? []) showChosen(group);
});

document.addEventListener("input", (event) => {
  event.target.closest(".in-place")?.classList.add("changed");
});

// An error that is not a page of the portal, such as a problem of the gateway, is shown as a toast.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answer = event.detail.xhr;
  if (answer.status >= 400 && !answer.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = false;
    toast(document.body.dataset.failed);
  }
});

document.addEventListener("htmx:sendError", () => toast(document.body.dataset.failed));

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === dialog) {
    prepare(dialog);
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("[aria-invalid], [autofocus]") ?? document.getElementById("dialog-title"))?.focus();
    return;
  }
  prepare(document);
  if (document.getElementById("app") !== event.detail.target && event.detail.target.id === "app") {
    dialog.close();
    dialog.replaceChildren();
    (document.querySelector("main [aria-invalid]") ?? document.getElementById("main")).focus({ preventScroll: true });
  }
});

// A shown secret must not stay in the closed dialog, and the page behind it lists the new client.
dialog.addEventListener("close", () => {
  const left = dialog.querySelector("#shown-secret") !== null;
  dialog.replaceChildren();
  if (left) location.reload();
});

prepare(document);
addEventListener("resize", () => showSection(document));
