// What any page may hold: a toast that can be put away, and dialogs.
//   <div class="toast" data-toast>…</div>                      gets a close button and leaves by itself after a while
//   <input data-search>                                        the key / goes there; on pages without one, to the search
//   <button data-dialog="flag">…</button> <dialog id="flag">   opens it; any [data-close] inside closes it

const STAY_MS = 8000;

for (const toast of document.querySelectorAll("[data-toast]")) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button small icon-only";
  close.setAttribute("aria-label", "Put this message away");
  close.innerHTML = '<svg class="icon small" aria-hidden="true"><use href="#i-cross"/></svg>';
  const leave = () => {
    toast.classList.add("gone");
    setTimeout(() => toast.remove(), 400);
  };
  close.addEventListener("click", leave);
  toast.append(close);
  // Who points at it or tabs into it is still reading.
  let timer = setTimeout(leave, STAY_MS);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, () => { clearTimeout(timer); timer = setTimeout(leave, STAY_MS); });
}

for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog) continue;
  opener.setAttribute("aria-haspopup", "dialog");
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  for (const close of dialog.querySelectorAll("[data-close]")) close.addEventListener("click", () => dialog.close());
  // A click on the backdrop lands on the dialog itself, outside its box.
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
  const field = document.querySelector("[data-search]");
  const search = document.querySelector('.nav a[href="/search"]');
  if (!field && !search) return;
  event.preventDefault();
  if (field) field.select();
  else location.assign(search.href);
});
